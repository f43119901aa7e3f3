// Package channel brings a message to people: to Slack, Microsoft Teams, Matrix, or by e-mail. A message is text alone; each
// channel lays it out in its own way, and nothing that people wrote into a task is ever markup, a mention or a header there.
package channel
