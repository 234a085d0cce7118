// Package moderation holds the rules of content and topics, and the one rule of who sees what.
package moderation
