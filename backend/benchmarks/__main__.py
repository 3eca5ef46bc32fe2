"""`make bench`: what speed and memory cost, in one run, one after the other.

How well events become people is another question: `python -m benchmarks.identity_quality`.
"""

from benchmarks import flood, gate, hot_read, identity, ingestion, processes, segments


def main() -> None:
    for benchmark in (hot_read, ingestion, flood, gate, processes, identity, segments):
        benchmark.main()
        print()


if __name__ == "__main__":
    main()
