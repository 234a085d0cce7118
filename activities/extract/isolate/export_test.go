package isolate

// Raced reports whether the race detector is on.
const Raced = raceFactor > 1
