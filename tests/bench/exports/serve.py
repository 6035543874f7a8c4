"""The side of judge.py that knows one target: cases come as JSON lines on stdin, a verdict goes back for each."""
import json
import multiprocessing
import os
import queue
import socket
import sys

PATIENCE = 900  # Seconds; a case takes a few on an idle machine.


def short(error):
    return f"{type(error).__name__}: {error}".strip().split("\n")[0][:200]


def serve(judge):
    """Answers every case with judge(case), or with what it raised."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # What libraries print is no answer.
    for line in sys.stdin:
        try:
            verdict = judge(json.loads(line))
        except (Exception, SystemExit) as error:
            verdict = short(error)
        print(json.dumps(verdict), file=answers, flush=True)


def near(actual, expected, tolerance):
    return all(abs(a - e) <= tolerance * max(1e-9, abs(e)) for a, e in zip(actual, expected))


def _rank(work, rank, count, port, tasks, results):
    import torch
    import torch.distributed as dist
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE=str(count),
                      LOCAL_RANK=str(rank))
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=count)
    while (case := tasks.get()) is not None:
        try:
            results.put((rank, work(rank, count, case), None))
        except Exception as error:
            results.put((rank, None, short(error)))
    dist.destroy_process_group()


class Ranks:
    """Gloo processes that take one case after another. After a failure, which leaves ranks waiting for each other,
    they are started anew."""

    def __init__(self, count, work):
        self.count, self.work, self.processes = count, work, []

    def start(self):
        context = multiprocessing.get_context("spawn")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.tasks = [context.Queue() for _ in range(self.count)]
        self.results = context.Queue()
        self.processes = [context.Process(target=_rank, daemon=True,
                                          args=(self.work, rank, self.count, port, self.tasks[rank], self.results))
                          for rank in range(self.count)]
        for process in self.processes:
            process.start()

    def stop(self):
        for process in self.processes:
            process.terminate()
        self.processes = []

    def ask(self, case):
        """What work(rank, count, case) returns, by rank."""
        if not self.processes:
            self.start()
        for tasks in self.tasks:
            tasks.put(case)
        answers = {}
        while len(answers) < self.count:
            try:
                rank, answer, failure = self.results.get(timeout=PATIENCE)
            except queue.Empty:
                failure = f"no answer within {PATIENCE} s"
            if failure:
                self.stop()
                raise RuntimeError(failure)
            answers[rank] = answer
        return answers
