"""How many requests it takes to see a task through, and how late a change is seen, beside fixed intervals."""

import json
import subprocess

from cases.world import say


def polling(bench):
    told = subprocess.run([bench.program("bench_polling")], check=True, stdout=subprocess.PIPE)
    relays = json.loads(told.stdout)
    bench.result["polling"] = relays
    for relay, rows in relays.items():
        for name, row in rows.items():
            say(
                f"  {relay} relay, {name:10} {row['requestsPerTask']:5.2f} requests and {row['looksPerTask']:5.2f} looks "
                f"a task; end seen after p50 {row['endDelayP50']:.1f} s, p99 {row['endDelayP99']:.1f} s; any change p50 "
                f"{row['changeDelayP50']:.1f} s"
            )
    rows = relays["busy"]
    ours, quick, slow, best = (rows[name] for name in ("pollhook", "fixed 5s", "fixed 15s", "foresight"))
    bench.result["detection_delay_vs_fixed_15s"] = ours["endDelayP50"] / slow["endDelayP50"]
    bench.result["detection_delay_vs_fixed_5s"] = ours["endDelayP50"] / quick["endDelayP50"]
    # Against a loop that asks for all of its tasks at once, and against one that asks for each by itself.
    bench.result["requests_vs_fixed_5s"] = ours["requestsPerTask"] / quick["requestsPerTask"]
    bench.result["requests_vs_fixed_5s_one_by_one"] = ours["requestsPerTask"] / quick["looksPerTask"]
    # What nobody can do better who has to tell ends as soon: it knows them all beforehand.
    bench.result["requests_with_foresight_vs_fixed_5s"] = best["requestsPerTask"] / quick["requestsPerTask"]
