"""The same thing done twice at the same time, each with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from records.refused import Refused


def at_once(clicks: Sequence[Callable[[], Any]]) -> list[Any | Refused]:
    """What each came to, a result or the refusal. Whatever else goes wrong in one of them is raised."""
    barrier = threading.Barrier(len(clicks))
    found: list[Any] = [None] * len(clicks)
    failed: list[BaseException] = []

    def click(place: int) -> None:
        barrier.wait()
        try:
            found[place] = clicks[place]()
        except Refused as refused:
            found[place] = refused
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=click, args=(place,)) for place in range(len(clicks))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if failed:
        raise failed[0]
    return found


def won(found: Sequence[Any | Refused]) -> list[Any]:
    return [one for one in found if not isinstance(one, Refused)]
