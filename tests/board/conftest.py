import pytest

from tests.board.kernel import FakeKernel


@pytest.fixture
def kernel(tmp_path):
    return FakeKernel(tmp_path)
