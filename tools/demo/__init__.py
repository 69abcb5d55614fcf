"""`sosie demo`: a pair, a real file system, an outage, two power cuts, and proof that nothing was lost.

`show` runs `story`, the plot, one function an act; `screen` what the person sees; `board`, `relay`, `host`,
`writer` and `image` the props; `workshop` owns whatever must be gone again at the end.
"""
