"""A made-up Hub of any size, as a folder that the replay server serves.

    python -m benchmarks.hub.synthetic DIR --models 1000000

Records have the shape of `GET /api/models?full=true` without siblings, 600 to 700 bytes each. The
same number of models and the same seed give the same bytes. One record is in memory at a time.
"""

import argparse
import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import orjson

# The Hub's own task ids, the most used first: a task has 1/rank as many models as the first.
_TASKS = """
    text-generation text-classification text-to-image feature-extraction reinforcement-learning
    token-classification fill-mask image-text-to-text automatic-speech-recognition
    image-classification sentence-similarity question-answering translation text-to-speech
    summarization object-detection image-to-text image-segmentation audio-classification
    zero-shot-classification text-ranking image-to-image text-to-video image-to-video
    zero-shot-image-classification depth-estimation video-classification image-feature-extraction
    any-to-any audio-to-audio audio-text-to-text unconditional-image-generation mask-generation
    visual-question-answering document-question-answering zero-shot-object-detection text-to-3d
    image-to-3d tabular-classification tabular-regression table-question-answering
    video-text-to-text keypoint-detection visual-document-retrieval video-to-video
    image-text-to-image image-text-to-video
"""
TASKS = tuple(_TASKS.split())
TWO_TASKS = 0.02  # of the models carry a second task's tag
NO_PIPELINE_TAG = 0.05  # of the models are listed by a tag alone

# (library, architecture tag, names, tags of the same family)
_FAMILIES = (
    (
        "transformers",
        "qwen2",
        ("Qwen2.5-7B-Instruct", "Qwen2.5-0.5B", "qwen-coder-1.5b"),
        ("safetensors", "conversational", "text-generation-inference", "endpoints_compatible"),
    ),
    (
        "transformers",
        "llama",
        ("Llama-3.1-8B-Instruct", "Llama-3.2-1B", "TinyLlama-1.1B-Chat"),
        ("safetensors", "conversational", "trl", "sft", "text-generation-inference"),
    ),
    (
        "transformers",
        "mistral",
        ("Mistral-7B-v0.3", "mistral-nemo-12b"),
        ("gguf", "mergekit", "merge", "conversational", "endpoints_compatible"),
    ),
    (
        "transformers",
        "bert",
        ("bert-base-uncased-finetuned", "bert-large-cased", "biobert"),
        ("pytorch", "tensorboard", "generated_from_trainer", "autotrain_compatible"),
    ),
    (
        "transformers",
        "xlm-roberta",
        ("xlm-roberta-base-finetuned", "roberta-large-mnli"),
        ("pytorch", "generated_from_trainer", "endpoints_compatible", "model-index"),
    ),
    (
        "transformers",
        "whisper",
        ("whisper-small", "whisper-large-v3-turbo"),
        ("tensorboard", "safetensors", "hf-asr-leaderboard", "generated_from_trainer"),
    ),
    (
        "diffusers",
        "lora",
        ("flux-dev-lora", "sdxl-dreambooth", "stable-diffusion-v1-5-style"),
        (
            "safetensors",
            "stable-diffusion",
            "template:sd-lora",
            "diffusers:StableDiffusionPipeline",
        ),
    ),
    (
        "peft",
        "adapter",
        ("lora-adapter", "qlora-checkpoint"),
        ("safetensors", "unsloth", "trl", "arxiv:1910.09700"),
    ),
    (
        "stable-baselines3",
        "deep-reinforcement-learning",
        ("ppo-LunarLander-v2", "a2c-PandaReach"),
        ("LunarLander-v2", "model-index", "tensorboard", "custom_code"),
    ),
    (
        "sentence-transformers",
        "mpnet",
        ("all-mpnet-base-v2-tuned", "setfit-paraphrase"),
        (
            "safetensors",
            "text-embeddings-inference",
            "loss:CosineSimilarityLoss",
            "dataset_size:10K",
        ),
    ),
)
_LICENSES = ("apache-2.0", "mit", "other", "cc-by-nc-4.0", "llama3.1", "openrail", "gemma", "")
_LANGUAGES = ("en", "en", "en", "zh", "fr", "de", "es", "ja", "ko", "multilingual", "ru", "ar")
_DATASETS = ("squad", "glue", "wikipedia", "c4", "common_voice_17_0", "ultrachat_200k", "imdb")
_OWNERS = ("jonatas", "ai-lab", "TheModeler", "mlx-forge", "nlp-group", "user", "deep", "open-team")
_HUB_BEGAN = datetime(2022, 3, 2, 23, 29, 4, tzinfo=UTC)  # what it says of everything older
_DAYS = 1300


def write(folder: Path, models: int, seed: int = 0) -> None:
    """Write hf_tasks.json and hf_models.jsonl with so many models into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tasks = {task: _task(task) for task in TASKS}
    (folder / "hf_tasks.json").write_bytes(orjson.dumps(tasks))
    with (folder / "hf_models.jsonl").open("wb", buffering=1 << 20) as out:
        for record in records(models, seed):
            out.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


def records(models: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Yield so many different models, in no order."""
    rng = random.Random(seed)
    shares = list(accumulate(1 / rank for rank in range(1, len(TASKS) + 1)))
    owners = max(1, models // 6)
    for number in range(models):
        [task] = rng.choices(TASKS, cum_weights=shares)
        owner_number = int(owners * rng.random() ** 3)  # a few owners have many models
        owner = f"{_OWNERS[owner_number % len(_OWNERS)]}{owner_number or ''}"
        yield _model(rng, number, owner, task)


def _model(rng: random.Random, number: int, owner: str, task: str) -> dict[str, Any]:
    library, architecture, names, family = _pick(rng, _FAMILIES)
    model_id = f"{owner}/{_pick(rng, names)}-{number:x}"
    # Pareto with no finite mean: a third have no download, one in a million a hundred million.
    downloads = min(int(rng.paretovariate(0.65)) - 1, 200_000_000)
    created = _HUB_BEGAN + timedelta(milliseconds=rng.randrange(_DAYS * 86_400_000))
    changed = created + timedelta(milliseconds=rng.randrange(90 * 86_400_000))
    record = {
        "_id": f"{rng.getrandbits(96):024x}",
        "id": model_id,
        "author": owner,
        "gated": False if rng.random() < 0.97 else "manual",
        "lastModified": _iso(changed),
        "likes": int(math.sqrt(downloads) * rng.random()),
        "trendingScore": 0,
        "private": False,
        "sha": f"{rng.getrandbits(160):040x}",
        "downloads": downloads,
        "tags": _tags(rng, task, library, architecture, family),
        "pipeline_tag": task,
        "library_name": library,
        "createdAt": _iso(created),
        "modelId": model_id,
    }
    if rng.random() < NO_PIPELINE_TAG:
        del record["pipeline_tag"]
    return record


def _tags(
    rng: random.Random, task: str, library: str, architecture: str, family: tuple[str, ...]
) -> list[str]:
    """Ten to fifteen tags in the order in which the Hub gives them."""
    tags = [library, *family, architecture, task, _pick(rng, _LANGUAGES)]
    if rng.random() < TWO_TASKS:
        tags.append(TASKS[(TASKS.index(task) + 1 + rng.randrange(len(TASKS) - 1)) % len(TASKS)])
    if rng.random() < 0.5:
        tags.append(f"dataset:{_pick(rng, _OWNERS)}/{_pick(rng, _DATASETS)}")
    if rng.random() < 0.3:
        tags.append(f"arxiv:2{rng.randrange(300, 512)}.{rng.randrange(20_000):05d}")
    if rng.random() < 0.6:
        base = f"{_pick(rng, _OWNERS)}/{_pick(rng, _pick(rng, _FAMILIES)[2])}"
        tags += f"base_model:{base}", f"base_model:finetune:{base}"
    if license_id := _pick(rng, _LICENSES):
        tags.append(f"license:{license_id}")
    return [*dict.fromkeys(tags), "region:us"]


def _task(task: str) -> dict[str, Any]:
    label = task.replace("-", " ").title()
    return {
        "id": task,
        "label": label,
        "summary": f"{label} is the task of making one thing out of another.",
        "libraries": ["transformers"],
        **{name: [] for name in ("datasets", "models", "spaces", "metrics", "widgetModels")},
        "demo": {"inputs": [], "outputs": []},
    }


def _pick(rng: random.Random, choices: tuple[Any, ...]) -> Any:
    return choices[int(rng.random() * len(choices))]  # four times as fast as rng.choice


def _iso(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='milliseconds')[:-6]}Z"


def main() -> None:
    """Write one synthetic Hub."""
    parser = argparse.ArgumentParser("python -m benchmarks.hub.synthetic", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    write(args.folder, args.models, args.seed)


if __name__ == "__main__":
    main()
