// What is drawn again and again while a network learns, at a measured pace: drawing takes time from the learning.

// Gives a function that does `act` soon, at most once in so many milliseconds.
export function paced(milliseconds, act) {
  let timer = null, done = -Infinity;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      done = performance.now();
      act();
    }, Math.max(0, done + milliseconds - performance.now()));
  };
}
