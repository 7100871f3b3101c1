"""Two stand-in services, QuickBooks Online and Avantto, that enforce the vendors' real rules.

Nothing here imports the rest of the program, so that the stand-ins can disagree with it. `stage.run` serves both,
`serve.serve` one of them inside a test, and each service answers without a socket through its `handle`.
"""
