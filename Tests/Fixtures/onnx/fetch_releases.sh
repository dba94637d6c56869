#!/usr/bin/env bash
# fetch_releases.sh FOLDER: the older releases whose cases backend_tests.py runs, each unpacked into FOLDER/VERSION.
#
# Nothing is installed: the wheels are of Pythons that need not be there. PIP names the pip to use (default: pip).
set -euo pipefail
folder=${1:?usage: fetch_releases.sh FOLDER}
mkdir -p "$folder/wheels"

get() {
  ${PIP:-pip} download --quiet --no-deps --only-binary :all: --implementation cp --python-version "$2" --platform "$3" \
    --dest "$folder/wheels" "onnx==$1"
  mkdir -p "$folder/$1"
  python3 -m zipfile -e "$folder/wheels/onnx-$1-"*.whl "$folder/$1"
}

get 1.5.0 3.7 manylinux1_x86_64
get 1.8.1 3.8 manylinux2010_x86_64
get 1.10.2 3.9 manylinux_2_12_x86_64
get 1.12.0 3.10 manylinux_2_17_x86_64
get 1.14.1 3.11 manylinux_2_17_x86_64
get 1.16.2 3.11 manylinux_2_17_x86_64
