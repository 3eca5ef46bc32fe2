"""Meta: the Graph, Marketing and Conversions APIs over HTTP."""
