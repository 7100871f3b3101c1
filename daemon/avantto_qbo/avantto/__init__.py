"""The Avantto edge: what is asked, what is understood and what is refused, without I/O except in `client`."""
