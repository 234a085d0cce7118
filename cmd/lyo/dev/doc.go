// Package dev is the supervisor behind `lyo dev`: it starts everything Lyo needs
// on this machine, keeps it running, and leaves nothing behind when it ends,
// however it ends.
package dev
