"""What is done to a run, drawn by its seed and number and by nothing else."""

import random
from dataclasses import dataclass, field

EXTRACT, BUILD, PUBLISH = STAGES = ("extract", "build", "publish")

# Kinds of faults. `at`: a share of the time that the command takes undisturbed.
KILL = "kill"  # SIGKILL to the command and all it started, at a time
DIE = "die"  # SIGKILL at a named point of the program
DISK = "full disk"  # so many bytes are left
CLOCK = "clock jump"  # by so many seconds, before the command (at 0) or during it
SERVER = "PocketBase killed"  # while the command publishes
TWICE = "twice at once"
CATALOG = "catalog killed"  # the server that a lake's catalog is in, back shortly after

# KIND or KIND@API, largest share; what takes seconds strikes seldom.
WEATHER = (
    ("429-retry-after", 0.02),
    ("429-bare", 0.15),
    ("500", 0.15),
    ("502-html", 0.15),
    ("503", 0.15),
    ("cut", 0.15),
    ("malformed", 0.15),
    ("gone", 0.15),
    ("slow", 0.02),
    ("timeout", 0.01),
    ("github-secondary", 0.1),
    ("backoff", 0.1),
    ("throttle", 0.1),
    ("incomplete", 0.2),
    ("empty-page", 0.3),
    ("500@model-info", 0.3),
    ("malformed@croissant", 0.3),
)
APIS = ("hub", "arxiv", "github", "stackexchange", "reddit", "hackernews", "datasets")
HOUR, DAY = 3_600, 86_400
# Numbers up to what a calm run of the small items comes to.
POINTS = {
    EXTRACT: (
        ("hf:page", 3),
        ("hf:rename", 0),
        ("hf:extracted", 0),
        ("hf:job", 70),
        ("enrichment:answer", 23),
        ("enrichment:kept", 23),
        ("enrichment:load", 0),
        ("enrichment:rename:keywords.json", 0),
        ("enrichment:listed:licenses.json", 0),
        ("issues:answer", 60),
        ("issues:file", 1),
        ("issues:listed", 1),
        ("issues:extracted", 0),
        ("issues:sql", 84),
        ("issues:between", 0),
        ("issues:loaded", 0),
        ("inputs", 8),
    ),
    BUILD: (
        ("sql", 800),
        ("sql", 800),
        ("sql", 800),
        ("embed", 3),
        ("kept", 3),
        ("cluster", 3),
        ("summarize", 34),
        ("label", 32),
        ("identify", 3),
        ("map", 1),
    ),
    PUBLISH: (("publish:batch", 12), ("publish:log", 12)),
}
KINDS = {
    EXTRACT: ((KILL, 3), (DIE, 3), (DISK, 2), (CLOCK, 2), (TWICE, 1)),
    BUILD: ((KILL, 3), (DIE, 3), (DISK, 3), (CLOCK, 2), (TWICE, 1)),
    PUBLISH: ((KILL, 2), (DIE, 2), (DISK, 2), (CLOCK, 1), (SERVER, 3), (TWICE, 1)),
}
# What can go wrong on a lake besides.
LAKE_KINDS = {EXTRACT: ((CATALOG, 3),), BUILD: ((CATALOG, 3),), PUBLISH: ((CATALOG, 2),)}


@dataclass(frozen=True)
class Fault:
    """One fault of one try of a command."""

    kind: str
    stage: str
    at: float = 0.0
    amount: int = 0
    point: str = ""

    def __str__(self) -> str:
        told = {
            KILL: f"at {self.at:.0%} of its time",
            DIE: f"at {self.point}",
            DISK: f"with {self.amount / 1024:,.0f} KiB left",
            CLOCK: f"by {self.amount / HOUR:+.1f} h at {self.at:.0%} of its time",
            SERVER: f"at {self.at:.0%} of its time",
            CATALOG: f"at {self.at:.0%} of its time",
        }
        return f"{self.kind} {told.get(self.kind, '')}".strip()


@dataclass(frozen=True)
class Plan:
    """One run: the weather of the sources, which PocketBase, and the faults of each command in the
    order of its tries; after them it is calm but for the weather."""

    number: int
    seed: int
    weather: tuple[str, ...]
    down: tuple[str, ...]
    own_server: bool
    faults: dict[str, tuple[Fault, ...]] = field(default_factory=dict)

    @property
    def jumps(self) -> bool:
        """Tell whether the clock of this run jumps at all."""
        return any(fault.kind == CLOCK for faults in self.faults.values() for fault in faults)


def calm(number: int = 0) -> Plan:
    """Return the plan of a run without any fault."""
    return Plan(number, 0, (), (), own_server=False, faults=dict.fromkeys(STAGES, ()))


def draw(seed: int, number: int, *, back_days: int, clocks: bool, on_lake: bool = False) -> Plan:
    """Return the plan of one run; the same for the same arguments.

    back_days: so far back the posts' days are still over. clocks: whether a clock can be shifted.
    on_lake: the catalog's server can be killed as well.
    """
    chance = random.Random(f"{seed}/{number}")
    chosen = chance.sample(WEATHER, chance.randint(1, 3))
    weather = tuple(f"{kind}:{chance.uniform(0.2, 1) * most:.3f}" for kind, most in chosen)
    down = (f"down:{chance.choice(APIS)}",) if chance.random() < 0.3 else ()
    own_server = chance.random() < 0.4
    faults = {}
    for stage in STAGES:
        possible = (*KINDS[stage], *(LAKE_KINDS[stage] if on_lake else ()))
        kinds = [(kind, weight) for kind, weight in possible if clocks or kind != CLOCK]
        names, weights = zip(*kinds, strict=True)
        drawn = chance.choices(names, weights, k=chance.choice((1, 1, 2)))
        faults[stage] = tuple(_fault(kind, stage, chance, back_days) for kind in drawn)
    return Plan(number, chance.randrange(1 << 30), weather, down, own_server, faults)


def _fault(kind: str, stage: str, chance: random.Random, back_days: int) -> Fault:
    at = round(chance.uniform(0.02, 1.0), 3)
    if kind == DIE:
        point, most = chance.choice(POINTS[stage])
        return Fault(kind, stage, point=f"{point}:{chance.randint(1, most)}" if most else point)
    if kind == DISK:
        # From nothing at all to about what the command needs.
        return Fault(kind, stage, amount=int(1024 * 4 ** chance.uniform(0, 7)))
    if kind == CLOCK:
        back = -chance.randint(1, back_days * 24) * HOUR if back_days else -HOUR // 2
        forward = chance.choice((chance.randint(1, 30) * HOUR, chance.randint(2, 40) * DAY))
        before = chance.random() < 0.3
        amount = chance.choice((back, forward)) + chance.randint(-900, 900)
        return Fault(kind, stage, at=0.0 if before else at, amount=amount)
    return Fault(kind, stage, at=at)
