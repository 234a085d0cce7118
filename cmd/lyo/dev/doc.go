// Package dev is the supervisor of `lyo dev`: it starts everything Lyo needs on this machine,
// restarts what fails, and leaves no process behind, however it ends.
package dev
