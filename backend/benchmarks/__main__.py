"""`make bench`: every benchmark in one run, one after the other."""

from benchmarks import flood, gate, hot_read, ingestion, processes, segments


def main() -> None:
    for benchmark in (hot_read, ingestion, flood, gate, processes, segments):
        benchmark.main()
        print()


if __name__ == "__main__":
    main()
