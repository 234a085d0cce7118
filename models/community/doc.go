// Package community holds posts, comments, likes and follows, reports and what an administrator decides about them.
package community
