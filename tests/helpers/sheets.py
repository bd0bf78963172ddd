"Digits as a reader photographs them: drawn on a sheet, in bad light, with lines, frames, specks and grain"
import io

import numpy as np
from PIL import Image, ImageFilter

H, W = 300, 225   # Of a sheet, in pixels

def levels(sheet): return (255*np.clip(sheet, 0, 1) + .5).astype(np.uint8)

def stroke(digit, size=125):
    "How much of each pixel is ink, 0 to 1, for a digit (28, 28) of MNIST drawn with a pen, `size` pixels large"
    large = Image.fromarray(digit).resize((size*28//20,)*2, Image.Resampling.BICUBIC)
    return np.clip(np.asarray(large)/255*3 - 1, 0, 1)

def drawn_on_paper(digit, ink=.12, size=125, y=56, x=25):
    "A sheet in even light, 0 black to 1 white"
    res, s = np.zeros((H, W)), stroke(digit, size)
    res[y:y+len(s), x:x+len(s)] = s
    return .85 - (.85 - ink)*res

DOWN, ACROSS = np.linspace(0, 1, H)[:, None], np.linspace(0, 1, W)

# Light

def falling(sheet, to=.55): return sheet*(1 - (1 - to)*(.6*ACROSS + .4*DOWN))
def vignette(sheet, to=.6): return sheet*(1 - (1 - to)*((2*DOWN - 1)**2 + (2*ACROSS - 1)**2)/2)
def shadow(sheet, to=.5, at=.5, soft=.005):
    return sheet*(to + (1 - to)/(1 + np.exp(-(ACROSS + .3*DOWN - at - .15)/soft)))
def grain(sheet, much=.015): return sheet + np.random.default_rng(0).normal(size=sheet.shape)*much

# Paper

def lined(sheet, strong=.3, slope=0., squared=False):
    "Lines under the ink, 25 pixels apart"
    y, x = np.arange(H)[:, None], np.arange(W)
    on = (y + slope*x) % 25 < 1.5
    if squared: on = on | ((x - slope*y) % 25 < 1.5)
    return np.where(on, np.minimum(sheet, .85 - strong*.85), sheet)

def framed(sheet, wide=4, inset=0, level=0., sides='tblr'):
    "A line along some sides: top, bottom, left, right"
    res, i, j = sheet.copy(), inset, inset + wide
    parts = {'t': (slice(i, j), slice(i, W - i)), 'b': (slice(H - j, H - i), slice(i, W - i)),
        'l': (slice(i, H - i), slice(i, j)), 'r': (slice(i, H - i), slice(W - j, W - i))}
    for side in sides: res[parts[side]] = level
    return res

def on_a_desk(sheet):
    y, x = np.arange(H)[:, None], np.arange(W)
    return np.where((x > 18 + .05*y) & (y > 20 + .04*x), sheet, .3)

def specks(sheet):
    res, draw = sheet.copy(), np.random.default_rng(1)
    for y, x in zip(draw.integers(0, H - 2, 12), draw.integers(0, W - 2, 12)): res[y:y+2, x:x+2] = .3
    return res

def jpeg(sheet):
    file = io.BytesIO()
    Image.fromarray(levels(sheet)).save(file, 'JPEG', quality=30)
    return Image.open(file)

def close(digit):
    "Cut so close that the digit touches all sides"
    s = stroke(digit) > .3
    return levels(.9 - .8*s[s.any(1)][:, s.any(0)])

def paper(digit): return drawn_on_paper(digit)
def pencil(digit): return drawn_on_paper(digit, .5)

# For each condition a function from a digit (28, 28) to a picture
SHEETS = {
    'clean': lambda d: levels(paper(d)),
    'strong grain': lambda d: levels(grain(paper(d), .05)),
    'blurred': lambda d: Image.fromarray(levels(paper(d))).filter(ImageFilter.GaussianBlur(3)),
    'small': lambda d: levels(grain(drawn_on_paper(d, size=40, y=120, x=60))),
    'close': close,
    'specks': lambda d: levels(specks(paper(d))),
    'falling light': lambda d: levels(grain(falling(paper(d)))),
    'pencil, falling light': lambda d: levels(grain(falling(pencil(d), .6))),
    'vignette': lambda d: levels(grain(vignette(paper(d)))),
    'shadow': lambda d: levels(grain(shadow(paper(d)))),
    'shadow in a corner': lambda d: levels(grain(shadow(paper(d), at=.15))),
    'chalk, falling light': lambda d: levels(grain(falling(1 - paper(d)))),
    'ruled': lambda d: levels(lined(paper(d))),
    'ruled, dark and sloped': lambda d: levels(grain(lined(paper(d), .6, .03))),
    'squared, inverted': lambda d: 255 - levels(lined(paper(d), squared=True)),
    'squared, pencil, falling light': lambda d: levels(grain(falling(lined(pencil(d), .25, .02, True), .7))),
    'frame': lambda d: levels(framed(paper(d))),
    'frame, thin': lambda d: levels(framed(paper(d), 1)),
    'frame, thick': lambda d: levels(framed(paper(d), 20)),
    'frame, grey, falling light': lambda d: levels(grain(falling(framed(paper(d), level=.5), .7))),
    'frame inside': lambda d: levels(framed(paper(d), 3, 12, .1)),
    'frame, inverted': lambda d: 255 - levels(framed(paper(d))),
    'top': lambda d: levels(framed(paper(d), sides='t')),
    'top and right inside': lambda d: levels(framed(paper(d), 3, 10, .2, 'tr')),
    'top and bottom': lambda d: levels(framed(paper(d), sides='tb')),
    'three sides': lambda d: levels(framed(paper(d), 5, sides='tlr')),
    'desk': lambda d: levels(grain(on_a_desk(paper(d)))),
    'all at once, JPEG': lambda d: jpeg(grain(vignette(falling(lined(pencil(d), .25, .03, True), .75), .85))),
}
