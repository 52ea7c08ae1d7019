// Loads, but never calls `expose`.
