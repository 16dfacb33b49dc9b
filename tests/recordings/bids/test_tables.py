import gzip
import os

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids.tables import read_numbers, read_table


@pytest.fixture
def table(tmp_path):
    def written(content, name="a_timeseries.tsv"):
        path = tmp_path / name
        content = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return written


def test_numbers_and_missing_cells(table):
    names, values = read_numbers(table("left V1\tright, V1 (a)\n0.5\tn/a\n-1e-3\t\n3\tnan\n"))
    assert names == ["left V1", "right, V1 (a)"]
    np.testing.assert_array_equal(values, [[0.5, np.nan], [-0.001, np.nan], [3, np.nan]])


def test_a_byte_order_mark_and_line_ends_of_windows_do_not_count(table):
    names, values = read_numbers(table(b"\xef\xbb\xbfa\tb\r\n1\t2\r\n\r\n3\t4\r\n"))
    assert names == ["a", "b"]
    np.testing.assert_array_equal(values, [[1, 2], [3, 4]])


@pytest.mark.parametrize("first", [0, 1])
def test_regions_numbered_in_the_header_are_names(table, first):
    header = "\t".join(str(i) for i in range(first, first + 4))
    names, values = read_numbers(table(f"{header}\n5\t6\t7\t8\n9\t10\t11\t12\n"))
    assert names == header.split("\t") and values.shape == (2, 4)


def test_columns_of_a_sidecar_name_those_of_a_table_without_header(table):
    names, values = read_numbers(table("1\t2\n3\tn/a\n", "a_physio.tsv.gz"), ["x", "y"])
    assert names == ["x", "y"]
    np.testing.assert_array_equal(values, [[1, 2], [3, np.nan]])


def test_a_header_that_repeats_the_sidecar_is_no_data(table):
    _, values = read_numbers(table("x\ty\n1\t2\n3\t4\n"), ["x", "y"])
    np.testing.assert_array_equal(values, [[1, 2], [3, 4]])


def test_counted_samples_under_a_sidecar_are_data(table):
    _, values = read_numbers(table("0\t1\t2\n3\t4\t5\n"), ["x", "y", "z"])
    assert values.shape == (2, 3)


@pytest.mark.parametrize(
    ("content", "columns", "words"),
    [
        ("a\tb\n1\t2\n3\n", None, "row 3: 1 cells for 2 columns"),
        ("a\tb\n1\t2\n3\t4\t5\n", None, "row 3: 3 cells for 2 columns"),
        ("a\tb\n1\t2\n3\t4,5\n", None, "b: '4,5' in data row 2 is no number"),
        ("a\ta\n1\t2\n", None, "columns: a name occurs twice"),
        ("0.1\t0.2\n3\t4\n", None, "Columns: neither a header nor Columns"),
        ("n/a\tn/a\n3\t4\n", None, "Columns: neither a header nor Columns"),
        ("\n", None, "file: no rows"),
        (b"\xff\xfe\x00", None, "file: not readable as text"),
        ("1\t2\n", "a", "Columns: 'a' in its sidecar; it must be a list"),
        ("1\t2\n3\t4\n", ["a"], "row 1: 2 cells for 1 columns"),
        ("p\tq\n3\t4\n", ["a", "b"], "a: 'p' in data row 1 is no number"),
        ("1\t2\n3\t4\n", ["a", "a"], "columns: a name occurs twice"),
    ],
)
def test_broken_tables_are_named(table, content, columns, words):
    with pytest.raises(RecordingError, match=rf"^a_timeseries.tsv: {words}"):
        read_numbers(table(content), columns)


def test_damaged_compression_is_named(table):
    path = table("1\t2\n" * 1000, "a_physio.tsv.gz")
    whole = path.read_bytes()
    os.truncate(path, len(whole) - 10)
    with pytest.raises(RecordingError, match=r"a_physio.tsv.gz: file: .*cut short"):
        read_table(path)
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes(8) + whole[middle + 8 :])
    with pytest.raises(RecordingError, match=r"a_physio.tsv.gz: file: "):
        read_table(path)
    path.write_bytes(b"1\t2\n")
    with pytest.raises(RecordingError, match=r"a_physio.tsv.gz: file: .*gzip"):
        read_table(path)
