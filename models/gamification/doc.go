// Package gamification has the pure rules of learning that adds up: days, streaks, levels.
// Values in, values out; clocks and zones are handed in.
package gamification
