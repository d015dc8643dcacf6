"use strict";

/* The same network as a fragment shader of WebGL2: its numbers lie in one texture, four to a texel. */

const TEXELS = 4096;

const GLSL_BASES = {
  linear: "w = vec4(1. - t, t, 0., 0.);",
  quadratic: "w = vec4((1. - t) * (1. - t) / 2., (1. + 2. * t * (1. - t)) / 2., t * t / 2., 0.);",
  cubic: `float u = 1. - t;
    w = vec4(u * u * u, 4. - 3. * t * t * (2. - t), 4. - 3. * u * u * (2. - u), t * t * t) / 6.;`,
  keys: `float u = 1. - t;
    w = vec4(-t * u * u, 2. - t * t * (5. - 3. * t), 2. - u * u * (5. - 3. * u), -u * t * t) / 2.;`,
};

const GLSL_HIDDEN = {
  relu: "max(z, 0.)",
  tanh: "tanh(clamp(z, -15., 15.))",
  logistic: "1. / (1. + exp(-clamp(z, -60., 60.)))",
  identity: "z",
};

/* A float as GLSL writes it. */
const real = (value) => {
  const text = String(Math.fround(value));
  return /[.e]/.test(text) ? text : text + ".";
};

/* Lay rows of numbers into texels, each row from a texel of its own; tells where each block begins. */
function packTexels(about) {
  const blocks = [];
  let texels = 0;
  const place = (numbers, rows, width) => {
    const block = { numbers, rows, width, start: texels, stride: Math.ceil(width / 4) };
    texels += rows * block.stride;
    blocks.push(block);
    return block.start;
  };
  const patches = about.patches.map(({ encoding, frequencies, n_frequencies, layers }) => ({
    frequencies: place(frequencies, 2 * n_frequencies, 1),
    layers: layers.map(({ weights, biases, inputs, units }, k) => ({
      // A pyramid has one number for a row of the matrix, and they lie one behind the other.
      weights: encoding === "pyramid" && k === 0 ? place(weights, 1, inputs) : place(weights, inputs, units),
      biases: place(biases, 1, units),
    })),
  }));
  const palette = (about.palette || []).map((color) => colorOf({ palette: [color] }, []));
  const starts = { patches, palette: place(Float32Array.from(palette.flat()), palette.length, 4) };
  const height = Math.max(1, Math.ceil(texels / TEXELS));
  const data = new Float32Array(4 * TEXELS * height);
  for (const { numbers, rows, width, start, stride } of blocks) {
    for (let row = 0; row < rows; row++) {
      data.set(numbers.subarray(row * width, (row + 1) * width), 4 * (start + row * stride));
    }
  }
  return { data, height, starts };
}

function firstLayerSource(patch, starts, groups) {
  const { weights, biases } = starts.layers[0];
  const add = (row, share) =>
    `{ int at = ${weights} + (${row}) * ${groups}; float share = ${share};
       for (int g = 0; g < ${groups}; g++) a[g] += share * texel(at + g); }`;
  const begin = `for (int g = 0; g < ${groups}; g++) a[g] = texel(${biases} + g);`;
  const [left, top, right, bottom] = patch.extent.map(real);
  if (patch.encoding === "raw") {
    const [x, y] = patch.center.map(real);
    return begin + add("0", `(xy.y - ${y}) / ${real(patch.half)}`) +
      add("1", `(xy.x - ${x}) / ${real(patch.half)}`);
  }
  if (patch.encoding === "fourier") {
    const n = patch.n_frequencies;
    return `${begin} for (int k = 0; k < ${n}; k++) {
      float cycles = (xy.x - ${left}) * texel(${starts.frequencies} + k).x
        + (xy.y - ${top}) * texel(${starts.frequencies + n} + k).x;
      float phase = 6.283185307 * (cycles - round(cycles));
      ${add("k", "sin(phase)")} ${add(`${n} + k`, "cos(phase)")}
    }`;
  }
  if (patch.encoding === "pyramid") return begin + pyramidSource(patch, weights);
  let first = 0;
  const source = [begin];
  for (const [rows, columns, spacing] of patch.levels) {
    const touched = patch.degree + 1;
    source.push(`{
      vec2 inside = clamp(xy, vec2(${left}, ${top}), vec2(${right}, ${bottom})) - vec2(${left}, ${top});
      vec2 cells = vec2(${columns - patch.degree}, ${rows - patch.degree});
      vec2 position = clamp(inside / ${real(spacing)}, vec2(0.), cells);
      vec2 cell = min(floor(position), cells - 1.);
      vec4 wx = basis_${patch.basis}(position.x - cell.x), wy = basis_${patch.basis}(position.y - cell.y);
      int corner = ${first} + int(cell.y) * ${columns} + int(cell.x);
      for (int j = 0; j < ${touched}; j++) for (int i = 0; i < ${touched}; i++)
        ${add(`corner + j * ${columns} + i`, "wx[i] * wy[j]")}
    }`);
    first += rows * columns;
  }
  return source.join("\n");
}

/* The value of each level of a pyramid, added to the unit that is its own. */
function pyramidSource(patch, weights) {
  const [left, top, right, bottom] = patch.extent.map(real);
  let first = 0;
  const source = patch.levels.map(([rows, columns, spacing], k) => {
    const begin = first, basis = spacing === 1 ? "keys" : "cubic";
    first += rows * columns;
    return `{
      vec2 inside = clamp(xy, vec2(${left}, ${top}), vec2(${right}, ${bottom})) - vec2(${left}, ${top});
      vec2 position = (inside + .5) / ${real(spacing)} - .5, cell = floor(position);
      vec4 wx = basis_${basis}(position.x - cell.x), wy = basis_${basis}(position.y - cell.y);
      ivec2 corner = ivec2(cell) - 1;
      for (int j = 0; j < 4; j++) for (int i = 0; i < 4; i++) {
        ivec2 at = clamp(corner + ivec2(i, j), ivec2(0), ivec2(${columns - 1}, ${rows - 1}));
        int number = ${begin} + at.y * ${columns} + at.x;
        a[${k >> 2}][${k & 3}] += wx[i] * wy[j] * texel(${weights} + number / 4)[number % 4];
      }
    }`;
  });
  return source.join("\n");
}

/* What an output makes of its sums, in place. */
function outputSource(output, units, groups) {
  if (output === "logistic") return `for (int g = 0; g < ${groups}; g++) a[g] = hidden_logistic(a[g]);`;
  if (output === "identity") return "";
  return `float most = a[0].x, total = 0.;
    for (int k = 1; k < ${units}; k++) most = max(most, a[k / 4][k % 4]);
    for (int k = 0; k < ${units}; k++) { float e = exp(a[k / 4][k % 4] - most); a[k / 4][k % 4] = e; total += e; }
    for (int g = 0; g < ${groups}; g++) a[g] /= total;`;
}

/* The network of a patch as a function. */
function networkSource(patch, starts, number, size) {
  const groups = patch.layers.map((layer) => Math.ceil(layer.units / 4));
  const layers = patch.layers.slice(1).map((layer, k) => {
    const { weights, biases } = starts.layers[k + 1];
    const count = groups[k + 1];
    return `for (int g = 0; g < ${groups[k]}; g++) h[g] = hidden_${patch.activation}(a[g]);
    for (int g = 0; g < ${count}; g++) a[g] = texel(${biases} + g);
    for (int i = 0; i < ${layer.inputs}; i++) {
      float share = h[i / 4][i % 4];
      for (int g = 0; g < ${count}; g++) a[g] += share * texel(${weights} + i * ${count} + g);
    }`;
  });
  return `void network${number}(vec2 xy, out vec4 a[${size}]) {
    vec4 h[${size}];
    xy -= vec2(${patch.origin.map(real)});
    ${firstLayerSource(patch, starts, groups[0])}
    ${layers.join("\n")}
    ${outputSource(patch.output, patch.layers[patch.layers.length - 1].units, groups[groups.length - 1])}
  }`;
}

/* The weight of a patch along an axis, as `feather` has it. */
function featherSource(value, low, high) {
  if (low === null && high === null) return "1.";
  const apart = [low === null ? "1e9" : `${value} - ${real(low)}`, high === null ? "1e9" : `${real(high)} - ${value}`];
  return `feather(min(${apart.join(", ")}))`;
}

function blendSource(about, groups) {
  if (about.patches.length === 1) return "network0(xy, a);";
  const [left, top, right, bottom] = about.border.map(real);
  const parts = about.patches.map(({ covers, edges }, number) => `
    if (all(greaterThanEqual(p, vec2(${covers.slice(0, 2).map(real)}))) && all(lessThanEqual(p, vec2(${covers.slice(2).map(real)})))) {
      float weight = ${featherSource("p.x", edges[0], edges[2])} * ${featherSource("p.y", edges[1], edges[3])};
      network${number}(xy, a);
      total += weight;
      for (int g = 0; g < ${groups}; g++) sum[g] += weight * a[g];
    }`);
  return `vec4 sum[${groups}]; float total = 0.;
    for (int g = 0; g < ${groups}; g++) sum[g] = vec4(0.);
    vec2 p = clamp(xy, vec2(${left}, ${top}), vec2(${right}, ${bottom}));
    ${parts.join("")}
    for (int g = 0; g < ${groups}; g++) a[g] = sum[g] / total;`;
}

/* From the outputs to a color. */
function colorSource(about, starts, last) {
  if (about.palette) {
    const pick = last === 1
      ? `int best = a[0].x > .5 ? ${about.palette.length - 1} : 0;`
      : `int best = 0; float most = a[0].x;
         for (int k = 1; k < ${last}; k++) { float z = a[k / 4][k % 4]; if (z > most) { most = z; best = k; } }`;
    return `${about.palette.length === 1 ? "int best = 0;" : pick} return texel(${starts.palette} + best);`;
  }
  const form = { 1: "vec4(v.xxx, 1.)", 3: "vec4(v.xyz, 1.)", 4: "vec4(min(v.xyz, v.www), v.w)" }[last];
  return `vec4 v = clamp(a[0], 0., 1.); return ${form};`;
}

function shaderSource(about, starts) {
  const units = about.patches.flatMap(({ layers }) => layers.map((layer) => layer.units));
  const size = Math.ceil(Math.max(...units) / 4);
  const last = about.patches[0].layers[about.patches[0].layers.length - 1].units;
  const functions = [
    ...Object.entries(GLSL_HIDDEN).map(([name, value]) => `vec4 hidden_${name}(vec4 z) { return ${value}; }`),
    ...Object.entries(GLSL_BASES).map(([name, lines]) => `vec4 basis_${name}(float t) { vec4 w; ${lines} return w; }`),
    ...about.patches.map((patch, number) => networkSource(patch, starts.patches[number], number, size)),
  ];
  return `#version 300 es
  precision highp float; precision highp int; precision highp sampler2D;
  uniform sampler2D data; uniform vec2 corner, pixel; uniform ivec2 points; uniform float top;
  out vec4 color;
  vec4 texel(int i) { return texelFetch(data, ivec2(i % ${TEXELS}, i / ${TEXELS}), 0); }
  float feather(float apart) { apart = max(apart, 1e-6); return apart * apart; }
  ${functions.join("\n")}
  vec4 paint(vec2 xy) {
    vec4 a[${size}];
    ${blendSource(about, Math.ceil(last / 4))}
    ${colorSource(about, starts, last)}
  }
  void main() {
    vec2 at = corner + (gl_FragCoord.xy + vec2(0., top)) * pixel;
    color = vec4(0.);
    if (any(lessThan(at, vec2(-.5))) || any(greaterThan(at, vec2(${about.width}, ${about.height}) - .5))) return;
    for (int j = 0; j < points.y; j++) for (int i = 0; i < points.x; i++)
      color += paint(at + pixel * ((vec2(i, j) + .5) / vec2(points) - .5));
    color = vec4(color.a > 0. ? color.rgb / color.a : vec3(0.), color.a / float(points.x * points.y));
  }`;
}

/* Paints rows of a lattice on the graphics card; throws where there is none that can. */
class ShaderPainter {
  constructor(about) {
    this.name = "WebGL2";
    this.most = 1024;
    const gl = (this.gl = new OffscreenCanvas(1, 1).getContext("webgl2"));
    if (!gl) throw new Error("no WebGL2");
    const { data, height, starts } = packTexels(about);
    const largest = gl.getParameter(gl.MAX_TEXTURE_SIZE);
    if (Math.max(TEXELS, height) > largest) throw new Error("the network is too large for a texture");
    this.texture(gl.RGBA32F, TEXELS, height, gl.FLOAT, data);
    const program = gl.createProgram();
    const corners = "#version 300 es\nvoid main() { vec2 c = vec2(gl_VertexID % 2, gl_VertexID / 2);" +
      " gl_Position = vec4(4. * c - 1., 0., 1.); }";
    for (const [kind, source] of [[gl.VERTEX_SHADER, corners], [gl.FRAGMENT_SHADER, shaderSource(about, starts)]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error("the shader does not compile");
    gl.useProgram(program);
    this.uniform = (name) => gl.getUniformLocation(program, name);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    this.size = [0, 0];
  }

  texture(format, width, height, type, data) {
    const gl = this.gl;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texImage2D(gl.TEXTURE_2D, 0, format, width, height, 0, gl.RGBA, type, data);
    return texture;
  }

  rows(lattice, top, rows) {
    const gl = this.gl;
    const { x0, y0, wide, high, columns, across, down } = lattice;
    if (this.size[0] !== columns || this.size[1] < rows) {
      gl.deleteTexture(this.target);
      this.target = this.texture(gl.RGBA8, columns, rows, gl.UNSIGNED_BYTE, null);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.target, 0);
      this.size = [columns, rows];
    }
    gl.viewport(0, 0, columns, rows);
    gl.uniform1i(this.uniform("data"), 0);
    gl.uniform2f(this.uniform("corner"), x0, y0);
    gl.uniform2f(this.uniform("pixel"), wide, high);
    gl.uniform2i(this.uniform("points"), across, down);
    gl.uniform1f(this.uniform("top"), top);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    const levels = new Uint8ClampedArray(4 * columns * rows);
    gl.readPixels(0, 0, columns, rows, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(levels.buffer));
    if (gl.isContextLost()) throw new Error("the graphics card was lost");
    return levels;
  }
}
