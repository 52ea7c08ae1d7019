/** A promise that resolves when its function `rejected` has been called so many times with an `AbortError`. */
export function rejections(expected) {
  let rejected;
  const all = new Promise((resolve, reject) => {
    let left = expected;
    rejected = (error) => {
      if (error.name !== 'AbortError') reject(error);
      else if (--left === 0) resolve();
    };
  });
  return Object.assign(all, { rejected });
}
