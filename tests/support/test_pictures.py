"The reader's own pictures: files of any kind, and digits as they are photographed: in bad light, on lines, in frames"
import json, os, subprocess, sys

import numpy as np
import pytest
import torch
from PIL import Image

from sgd_course import data
from sgd_course.data import digit_from_image, load_mnist, to_digit, to_vectors
from sgd_course.figures import FOLDER
from sgd_course.pictures import cut_out, plain_ink
from tools.digit_network import unpack

from repository import ROOT
from sheets import SHEETS, drawn_on_paper, levels, stroke
from subtests import each

@pytest.fixture
def drawn():
    "A 7 of RGBA, black on transparent, 90 by 60"
    a = np.zeros((90, 60, 4), np.uint8)
    a[10:20, 10:50, 3] = a[10:80, 40:50, 3] = 255
    return a

def test_digit_has_the_form_of_mnist(drawn):
    d = digit_from_image(drawn)
    assert d.shape == (28, 28) and d.dtype == torch.uint8 and d.max() == 255
    rows, cols = d.any(1).nonzero(), d.any(0).nonzero()
    assert rows.max() - rows.min() + 1 == 20 and cols.max() - cols.min() + 1 == 11 # 40/70 of 20 is 11.4
    d = d.float()
    at, mass = torch.arange(28.), d.sum()
    assert abs(d.sum(1)@at/mass - 14) <= 0.5 and abs(d.sum(0)@at/mass - 14) <= 0.5

FORMS = {
    'ink on paper': lambda a: 255 - a[..., 3],
    'chalk': lambda a: a[..., 3],
    'fractions': lambda a: a[..., 3]/255,
    'bool': lambda a: a[..., 3] > 0,
    '16 bits': lambda a: a[..., 3].astype(np.uint16)*257,
    'list': lambda a: (a[..., 3] > 0).astype(int).tolist(),
    'one channel': lambda a: a[..., 3:],
    'rgb': lambda a: np.repeat(a[..., 3:], 3, 2),
    'tensor': lambda a: torch.tensor(a[..., 3]),
    'float tensor': lambda a: torch.tensor(a[None, ..., 3]/255, requires_grad=True),
    'colour first': lambda a: torch.tensor(a).permute(2, 0, 1),
    'pillow rgba': lambda a: Image.fromarray(a),
    'pillow grey': lambda a: Image.fromarray(a[..., 3]),
    'pillow 16 bits': lambda a: Image.fromarray(a[..., 3].astype(np.uint16)*257),
    'margins': lambda a: np.pad(a, ((3, 300), (40, 9), (0, 0))),
}

@each('form', list(FORMS))
def test_same_digit_in_any_form(drawn, form):
    assert torch.equal(digit_from_image(FORMS[form](drawn)), digit_from_image(drawn))

@pytest.mark.parametrize('kind', [
    'rgba.png', 'grey.png', 'rgb.bmp', 'one_bit.png', 'palette.gif', 'sixteen.png', 'sixteen.tif'])
def test_same_digit_from_any_file(drawn, tmp_path, kind):
    grey, path = 255 - drawn[..., 3], tmp_path/kind
    images = dict(rgba=drawn, grey=grey, rgb=np.stack([grey]*3, 2), one_bit=grey > 0, palette=grey,
        sixteen=grey.astype(np.uint16)*257)
    Image.fromarray(images[path.stem]).save(path)
    for source in (path, str(path)): assert torch.equal(digit_from_image(source), digit_from_image(drawn))

@pytest.mark.parametrize('kind', ['png', 'jpg', 'tif', 'webp'])
def test_photo_taken_sideways(drawn, tmp_path, kind):
    exif, path = Image.Exif(), tmp_path/f'phone.{kind}'
    exif[0x0112] = 6 # To be turned by 90 degrees clockwise
    pressed = {'compression': 'tiff_lzw'} if kind=='tif' else {}
    Image.fromarray(np.rot90(255 - drawn[..., 3])).save(path, exif=exif, **pressed)
    upright = digit_from_image(drawn).int()
    with Image.open(path) as im:
        for source in (path, im): assert (digit_from_image(source) - upright).abs().max() < 60 # JPEG blurs a little

def test_shrinking_equals_averaging():
    "Against the definition, with areas counted on a grid that both sizes divide"
    ink = np.random.default_rng(0).integers(0, 256, (7, 50))
    h, w = data.fit_box(ink).shape
    assert (h, w) == (3, 20)
    fine = np.kron(ink, np.ones((h, w)))
    mean = fine.reshape(h, 7, w, 50).mean((1, 3))
    assert np.abs(data.fit_box(ink) - 255*mean/mean.max()).max() <= 0.5 + 1e-9

@pytest.mark.parametrize('height,width', [(1, 400), (400, 1), (3, 3), (28, 12), (400, 150)])
def test_any_size(height, width):
    d = digit_from_image(np.pad(np.ones((height, width)), max(5, width//2)))
    assert d.shape == (28, 28) and max(d.any(0).sum(), d.any(1).sum()) == 20

@each('bad,message', [
    (np.zeros((28, 28)), 'no digit'),
    (np.full((50, 40, 3), 255, np.uint8), 'no digit'),
    (np.array([[1.]]), 'no digit'),
    (np.zeros((0, 28)), 'empty'),
    ([], 'empty'),
    (np.zeros(28), r'\(28,\)'),
    (np.zeros((28, 28, 2)), r'\(28, 28, 2\)'),
    (np.zeros((2, 1, 28, 28)), r'\(2, 1, 28, 28\)'),
    (5, r'\(\)'),
    (np.full((9, 9), np.nan), 'NaN'),
    (np.full((9, 9), np.inf), 'infinity'),
    (np.full((9, 9), -0.5), '-0.5'),
    (np.full((9, 9), 1e6), r'1e\+06'),
    (np.zeros((9, 9), complex), 'complex'),
    (None, 'dtype'),
    (torch.zeros(9, 9, dtype=torch.complex64), 'complex'),
    *((np.zeros(shape), f'expected one picture, got {shape[0]}: call predict for each')
        for shape in ((2, 28, 28), (3, 28, 28), (4, 28, 28), (3, 28, 28, 1), (5, 1, 28, 28), (3, 784))),
    ([[1, 2], [3]], 'inhomogeneous'),
])
def test_no_digit(bad, message):
    with pytest.raises(ValueError, match=message): digit_from_image(bad)

def test_blank_file(tmp_path):
    "The levels of a file are of 255, even where none is above 1"
    Image.fromarray(np.eye(30, dtype=np.uint8)).save(tmp_path/'blank.png')
    with pytest.raises(ValueError, match='no digit'): digit_from_image(tmp_path/'blank.png')

@pytest.mark.parametrize('content', [b'', b'hello', b'\x89PNG\r\n\x1a\n' + bytes(50)])
def test_unreadable_file(tmp_path, content):
    (tmp_path/'mine.png').write_bytes(content)
    cure = "cannot read an image.*mine.png.*export.*JPEG or PNG"
    with pytest.raises(ValueError, match=cure): digit_from_image(tmp_path/'mine.png')

def test_cut_off_file(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (99, 99), np.uint8)).save(tmp_path/'mine.png')
    (tmp_path/'mine.png').write_bytes((tmp_path/'mine.png').read_bytes()[:3000])
    with pytest.raises(ValueError, match='cannot read an image'): digit_from_image(tmp_path/'mine.png')

def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ValueError, match='no image file'): digit_from_image(tmp_path/'mine.png')
    for path in (tmp_path, os.devnull):
        with pytest.raises(ValueError, match='expected a file'): digit_from_image(path)

# --- as they are photographed

@pytest.fixture(scope='module')
def digits(): return [load_mnist('test').images[k].numpy() for k in (3, 2, 1, 18)] # 0, 1, 2, 3

@pytest.fixture(scope='module')
def says():
    "What the network of the drawing pad says of a picture"
    model = unpack(json.loads((FOLDER/'digits.json').read_text())['layers'])
    @torch.no_grad()
    def says(picture): return model(to_vectors(digit_from_image(picture))[None].double()).argmax().item()
    return says

@pytest.mark.parametrize('sheet', SHEETS)
def test_digits_are_read_on_any_sheet(digits, says, sheet):
    "As well as on a clean sheet, but for one"
    assert sum(says(SHEETS[sheet](digit))==k for k, digit in enumerate(digits)) >= 4

def test_white_strokes_on_nothing(digits, says):
    for k, digit in enumerate(digits):
        alpha = levels(stroke(digit))
        assert says(np.stack([np.full_like(alpha, 255)]*3 + [alpha], 2))==k

def test_digits_of_mnist_stay_as_they_are():
    images = load_mnist('test').images[:500]
    for image in images:
        ink = to_digit(cut_out(plain_ink(255 - image.numpy().astype(int))))
        assert torch.equal(digit_from_image(image), ink)

@pytest.mark.parametrize('gap', [5, 20, 60])
@pytest.mark.parametrize('light', [1, .6])
def test_two_digits_are_not_one(digits, gap, light):
    left, right = (s[:, s.max(0) > .5] for s in (stroke(digits[k], 70) for k in (0, 3)))
    sheet = .85 - .7*np.pad(np.concatenate([left, np.zeros((len(left), gap)), right], 1), 30)
    with pytest.raises(ValueError, match='expected one digit, got 2 marks'):
        digit_from_image(levels(sheet*np.linspace(1, light, sheet.shape[1])))

def test_frame_without_a_digit():
    sheet = np.pad(np.full((200, 150), 220, np.uint8), 6)
    with pytest.raises(ValueError, match='found no digit'): digit_from_image(sheet)
    with pytest.raises(ValueError, match='found no digit'): digit_from_image(np.pad(sheet, 15, constant_values=220))

# --- large files

MEMORY = '''
import resource, sys
from sgd_course.data import digit_from_image
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss//1024
before = peak()
digit_from_image(sys.argv[1])
assert peak() - before < 70, peak() - before
'''

@pytest.mark.skipif(sys.platform!='linux', reason='counts kilobytes')
def test_large_photo_needs_little_memory(digits, tmp_path):
    "12 megapixels as RGB are 36 MB as bytes, and eight times as much as whole numbers"
    sheet = Image.fromarray(levels(drawn_on_paper(digits[0])))
    sheet.resize((3000, 4000)).convert('RGB').save(tmp_path/'large.jpg')
    res = subprocess.run([sys.executable, '-c', MEMORY, tmp_path/'large.jpg'], cwd=ROOT, capture_output=True, text=True)
    assert (res.returncode, res.stderr)==(0, '')

def test_size_has_a_limit(tmp_path):
    "178 million pixels are Pillow's limit; above 89 million it warns, which is no concern of a reader's"
    for side, message in ((9500, 'found no digit'), (13400, 'at most 178 megapixels')):
        Image.new('1', (side, side)).save(tmp_path/'large.png')
        with pytest.raises(ValueError, match=message): digit_from_image(tmp_path/'large.png')
