// Throws while loading.
throw new SyntaxError('this worker never learned to speak');
