"""Places on a plane for posts, near where they are alike: the map of a day.

t-SNE (van der Maaten and Hinton 2008) of the embeddings as scikit-learn computes it.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from assay.mining.threads import single_threaded

LAYOUT_VERSION = "1"  # raise it when places change
DIMENSIONS = 50  # of the embeddings that are compared: the usual number, four times faster
PERPLEXITY = 30.0  # about how many neighbours a post has; the library's default
MIN_POSTS = 5  # posts; fewer are put on a line
PULL = 0.3  # how much of its cluster's centre is mixed into a post, so that clusters hold together


@single_threaded
def lay_out(
    vectors: NDArray[np.float32], cluster_id: NDArray[np.int32], seed: int = 0
) -> NDArray[np.float32]:
    """Return a place for each post, (n, 2) float32 within -1 and 1.

    vectors: (n, d) float32, L2-normalised. cluster_id: (n,) the cluster of each. The same input
    gives the same places on any number of processors.
    """
    count = len(vectors)
    if count < MIN_POSTS:
        line = np.linspace(-1, 1, count) if count > 1 else np.zeros(count)
        return np.column_stack([line, np.zeros(count)]).astype(np.float32)
    mixed = np.array(vectors, np.float32)
    for number in np.unique(cluster_id):
        mine = cluster_id == number
        mixed[mine] += PULL * vectors[mine].mean(axis=0)
    parts = min(DIMENSIONS, count - 1, mixed.shape[1])
    reduced = PCA(parts, random_state=seed, svd_solver="full").fit_transform(mixed)
    # Equal posts would give t-SNE nothing to scale its beginning by.
    spread = max(float(reduced[:, 0].std()), 1e-9)
    begin = (reduced[:, :2] / spread * 1e-4).astype(np.float32)
    if begin.shape[1] < 2:
        begin = np.column_stack([begin, np.zeros(count, np.float32)])
    places = TSNE(
        perplexity=min(PERPLEXITY, (count - 1) / 3), init=begin, random_state=seed, n_jobs=1
    ).fit_transform(reduced)
    places = places - (places.max(axis=0) + places.min(axis=0)) / 2
    return (places / max(float(np.abs(places).max()), 1e-9)).astype(np.float32)
