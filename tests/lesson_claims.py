"""The numbers in the prose of the lesson, worked out, and the phrases that say them in each language."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from paintnet.activations import LESSON
from paintnet.lesson.neuron import Neuron

TEN_LAYERS = (100,) * 10


def chain(*widths: int) -> int:
    """The parameters of a network with layers of these widths."""
    return sum(before * after + after for before, after in pairwise(widths))


def hex_color(pixel: np.ndarray) -> str:
    return "#" + bytes((pixel * 255).round().astype(np.uint8).tolist()).hex()


@dataclass(frozen=True)
class Facts:
    """What the lesson speaks of: the picture of the bird, and what the Python of the page has left behind."""

    pixels: np.ndarray
    spoken: dict[str, Any]

    neuron = Neuron(3, bias=-0.1, weights=[0.7, 0.6, 1.4])
    shrinking = round(-1 / float(LESSON["leaky-relu"].function(np.array(-1.0))))
    regress = chain(2, *TEN_LAYERS, 3)
    classify = chain(2, *TEN_LAYERS, 2)
    most_certain = int(np.argmax([0.998, 0.002]))

    def __post_init__(self) -> None:
        assert [hex_color(self.pixels[50, column]) for column in (23, 27)] == ["#cccccc", "#1da1f2"]
        assert self.spoken["encoded"].shape == (self.height * self.width, 16 * 16)
        assert [neuron.weights.size for neuron in (self.neuron, self.spoken["single"])] == [3, 1]

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def sums(self) -> np.ndarray:
        return self.levels.sum(axis=2)

    @property
    def levels(self) -> np.ndarray:
        return (self.pixels * 255).round().astype(int)

    @property
    def total(self) -> str:
        return f"{self.neuron.weighted_sum([1, 0.5, -1]):.6g}"

    @property
    def products(self) -> str:
        return f"{self.neuron.weighted_sum([1, 0.5, -1]) + 0.1:.6g}"

    @property
    def answer(self) -> str:
        return f"{self.neuron([1, 0.5, -1]):.6g}"

    @property
    def misses(self) -> tuple[float, float]:
        """From the row and the column, and from the encoded table."""
        raw, encoded = (self.spoken["miss"](self.spoken[name]) for name in ("inputs", "encoded"))
        return raw, encoded


def english(facts: Facts) -> list[str]:
    """Every phrase of docs/lesson.md that has a number in it, with the number worked out."""
    height, width, levels, sums = facts.height, facts.width, facts.levels, facts.sums
    ten, (raw, encoded) = TEN_LAYERS, facts.misses
    bird = " + ".join(map(str, levels[50, 50]))
    paragraphs = f"""
        The products add up to {facts.products}. With the bias, -0.1, the sum is {facts.total}.

        So the neuron answers {facts.answer}.

        a computer's 0.7 is only very nearly seven tenths

        double its input and add 1, and let a second one triple that and take away 4. The pair multiplies by
        {3 * 2} and takes away {4 - 3 * 1}

        (Rosenblatt, 1958)

        AND should answer 1 only if both inputs are 1.

        the bias: 2 + 1 - 3 = {2 + 1 - 3}, and a step neuron fires from 0 upwards

        XOR should answer 1 if exactly one of its inputs is 1.

        The count never reaches 0. From epoch 3 on, the neuron is wrong on all 4 examples, and its 4
        corrections lead back to where it was: bias 0, weights -1 and 0.

        For (0, 0) the sum is just the bias, and it must be below 0. For (0, 1) and for (1, 0), bias plus one
        weight must be 0 or more. Add these two: twice the bias plus both weights is 0 or more.

        the sum for (1, 1) is above 0

        the two corners with a 1 from the two with a 0.

        {chain(2, 4, 1)} parameters: each hidden neuron has 2 weights and a bias,
        4 * (2 + 1) = {4 * (2 + 1)}, and the last one has 4 weights and a bias, 4 + 1 = {4 + 1}.

        Its picture has {height} rows of {width} pixels

        a table of {height * width:,} lines

        each divided by 255, so that they lie between 0 and 1

        takes {len(ten)} hidden layers of {ten[0]} neurons

        The {facts.regress:,} are 2 * 100 + 100 into the first layer, {len(ten) - 1} * (100 * 100 + 100)
        between the layers, and 100 * 3 + 3 into the three colors.

        Pixel (50, 23) is background and pixel (50, 27) is bird

        Lay 16 posts along each side of the picture, so that {16 * 16} crossings cover it.

        1 at the crossing itself, falling to 0 at the next. Only the four crossings around the position are
        not 0.

        How far off are they, out of 255, on average?

        miss by {raw}. From the encoded table, the same neurons paint the bird and miss by {encoded}.

        as whole numbers from 0 to 255. At or below the threshold, 600, a pixel is class 1, "dark"; above it,
        class 0, "light".

        The bird, {hex_color(facts.pixels[50, 50])}, adds up to {bird} = {sums[50, 50]}: dark.

        The background, {hex_color(facts.pixels[0, 0])}, adds up to 3 * {levels[0, 0, 0]} = {sums[0, 0]}:
        light.

        So {(sums > 600).sum():,} pixels are light and {(sums <= 600).sum():,} are dark.

        a 1 in the place of the class, a 0 in the other

        Line {50 * width + 50} of the table is row 50, column 50, in the bird. The network is
        {facts.regress - facts.classify} parameters smaller than before: it has one output neuron less, with
        {ten[-1]} weights and a bias.

        If they say 0.998 and 0.002, the largest is at place {facts.most_certain},

        the point x = 1, y = 1, near the top left corner
    """
    return [" ".join(paragraph.split()) for paragraph in paragraphs.split("\n\n")]


def japanese(facts: Facts) -> list[str]:
    """The same of docs/lesson.ja.md, where small numbers are written as digits too; one phrase on a line."""
    height, width, levels, sums = facts.height, facts.width, facts.levels, facts.sums
    ten, (raw, encoded) = TEN_LAYERS, facts.misses
    bird = " + ".join(map(str, levels[50, 50]))
    lines = f"""
        # 1つのニューロンから鳥の絵まで
        入力が{facts.neuron.weights.size}つの例を見てみましょう
        積を足すと {facts.products} です。バイアスの -0.1 を加えると、和は {facts.total} になります
        負の和は{facts.shrinking}分の1に縮めます
        ニューロンの答えは {facts.answer} です
        コンピューターの 0.7 が10分の7にごく近い値
        ニューロンを2つ用意し、1つ目は入力を2倍して1を足し、2つ目はそれを3倍して4を引く
        2つ合わせると{3 * 2}倍して{4 - 3 * 1}を引くことになりますが、それなら1つのニューロンでも
        ## 1つのニューロンは AND を学べる
        (Rosenblatt, 1958)
        AND の正解は、入力が両方とも1のときだけ1です
        {len(facts.spoken["corners"])}つの例を何度も繰り返し
        見せ終えるまでを1**エポック**と
        2 + 1 - 3 = {2 + 1 - 3} となり、ステップ関数のニューロンは0以上で発火します
        ## 1つのニューロンは XOR を学べない
        入力のちょうど一方だけが1のときに1です
        {len(facts.spoken["mistakes"])}エポック学習させて
        誤りの数は0になりません。エポック3からは4つの例すべてで間違え、
        4回の修正を経て元のところ、つまりバイアス0、重み -1 と 0 に戻って
        (0, 0) では和がバイアスそのものなので、バイアスは0より小さくなければ
        (0, 1) と (1, 0) では、バイアスに一方の重みを足したものが0以上でなければ
        この2つの式を足すと、バイアスの2倍と両方の重みを合わせたものが0以上に
        負の数であるバイアスを1回分引くと
        (1, 1) での和は0より大きく
        1の角2つと0の角2つとを分ける
        3つのニューロンで、そのとおりに
        隠れ層のニューロンを{facts.spoken["network"].hidden_layer_sizes[0]}つにして
        パラメーターは{chain(2, 4, 1)}個です
        重み2つとバイアスを持つので 4 * (2 + 1) = {4 * (2 + 1)}、
        重み4つとバイアスを持つので 4 + 1 = {4 + 1} と
        2本の渦巻きのそれぞれを、1つのニューロン、1つの隠れ層、いくつもの隠れ層が
        1つのニューロンは平面を直線で分け
        XOR を前にした1つのニューロンの図
        ![1つのニューロン、1層、3層の決定領域]
        {width}個の画素が{height}行並んだもの
        {height * width:,}行の表です
        0から1の間に収まるよう255で割ったもの
        最初の2つと最後の1つは灰色の背景、最後から2番目は青い鳥の中です。真ん中の1つは鳥の輪郭
        XOR には、入力が2つ、例が{len(facts.spoken["corners"])}つ、答えが1つ
        鳥には、入力が2つ、例が{height * width:,}個、答えが3つ
        ## 描き方その1: 回帰
        3つの数値そのもの
        {ten[0]}個のニューロンからなる隠れ層を{len(ten)}層重ねた
        {facts.regress:,}個の内訳は、最初の層への 2 * 100 + 100、
        層と層の間の {len(ten) - 1} * (100 * 100 + 100)、3つの色への 100 * 3 + 3 です
        絵の{200 // width}行分を使って1ステップ学習しました
        出力されるファイルは2つです
        画素 (50, 23) は背景で、画素 (50, 27) は鳥ですが
        16本の杭を並べると、絵は{16 * 16}個の格子点で
        格子点の真上で1、隣の格子点まで行くと0です。0にならないのは、その位置を囲む4つの
        正解の色ごとに1つ、計3つの恒等関数
        誤差は、255のうち平均で
        3つのニューロンが描くのは一様な青灰色で、誤差は {raw} です
        同じニューロンが鳥を描き、誤差は {encoded} になります
        ## 描き方その2: 分類
        赤・緑・青を0から255の整数で表し
        しきい値の600以下ならその画素は「暗い」(クラス1)、600を超えれば「明るい」(クラス0) と
        鳥の {hex_color(facts.pixels[50, 50])} は、足すと {bird} = {sums[50, 50]} で「暗い」
        背景の {hex_color(facts.pixels[0, 0])} は、足すと 3 * {levels[0, 0, 0]} = {sums[0, 0]} で「明るい」
        明るい画素は{(sums > 600).sum():,}個、暗い画素は{(sums <= 600).sum():,}個です
        クラスごとに1つの出力ニューロンを
        そのクラスの位置に1、もう一方に0を置く
        この表の{50 * width + 50}番は行50、列50で
        回帰のときより{facts.regress - facts.classify}個減りました
        出力ニューロンが1つ減り、その重み{ten[-1]}個とバイアスが
        {len(facts.spoken["one_hot"][0])}つの出力ニューロンのうち
        0.998 と 0.002 であれば、最大の数は位置{facts.most_certain}にある
        点 x = 1, y = 1 について
        クラスは2つしかないので
    """
    return [line.strip() for line in lines.strip().split("\n")]
