"""The Graph and Marketing API, as Meta serves it, over the sandbox's world."""
