"""What is decided and told, as two digests: the same in two versions when nothing that is said has changed.

`python -m benchmarks.one_household.digest [--households 2000]`, in the checkout of each version.

The shipped rulebook and the pack; random households, of most of whom some facts are not known. Every fourth
decision on the shipped rulebook is explained in all layers and languages.
"""

from __future__ import annotations

import argparse
import hashlib
from random import Random

from benchmarks.one_household.households import random_households
from benchmarks.one_household.ours import load
from benchmarks.one_household.pack import PACK
from engine.decision import decide, encode_json
from engine.decision.explain import LAYERS, as_text, explain
from tests.support.households import DAYS, Families, outermost, places, shipped, without

SHARES = (0.0, 0.0, 0.01, 0.05, 0.2)  # of the facts, taken out


def main() -> None:
    arguments = argparse.ArgumentParser(description="What is decided and told, as two digests.")
    arguments.add_argument("--households", type=int, default=2000)
    households = arguments.parse_args().households
    decided, told = hashlib.sha256(), hashlib.sha256()
    book = shipped()
    families = Families(book)
    for seed in range(households):
        random = Random(seed)
        on = random.choice(DAYS)
        whole = families.document(random, on)
        share = random.choice(SHARES)
        document = without(whole, outermost(place for place in places(whole) if random.random() < share))
        decision = decide(book, document, on=on)
        decided.update(encode_json(decision))
        if seed % 4 == 0:
            for layer in LAYERS:
                for language in book.languages:
                    told.update(as_text(explain(book, decision, layer, language)).encode())
    ours = load(PACK)
    for household in random_households(households):
        decided.update(ours.decide_ours(household))
    print(f"decisions     {decided.hexdigest()}")
    print(f"explanations  {told.hexdigest()}")


if __name__ == "__main__":
    main()
