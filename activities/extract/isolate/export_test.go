package isolate

// Raced tells whether the race detector is on.
const Raced = raceFactor > 1
