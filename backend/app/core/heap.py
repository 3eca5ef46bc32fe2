"""What a server's garbage collector looks at."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# A batch of 500 events is some 10,000 objects, all of them alive until it is committed.
_YOUNG, _MIDDLE, _OLD = 50_000, 20, 20


@contextmanager
def settled_heap() -> Iterator[None]:
    """Leave what was made before to itself: a server's routes, schemas and modules live as long as it does.

    The collector would walk through some 300,000 such objects again and again, in the middle of requests
    (`gc.freeze` is for this). Cycles among newer objects are found as before, in larger steps.
    """
    gc.collect()
    gc.freeze()
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
