// Drawing pixel by pixel

// The colours of _base.js as red, green and blue
export const RGB = {blue: [0, 114, 178], red: [213, 94, 0], green: [0, 158, 115], pink: [204, 121, 167]};

// Fill a canvas with value(k) for each pixel k: above 0 blue, below 0 red, 0 clear. `opacity` maps the size of a value
// to 0 to 1
export function paint(canvas, value, opacity) {
  const {width, height} = canvas, brush = canvas.getContext('2d'), picture = brush.createImageData(width, height);
  for (let k = 0; k < width*height; k++) {
    const v = value(k);
    picture.data.set(v > 0 ? RGB.blue : RGB.red, 4*k);
    picture.data[4*k + 3] = Math.round(255*opacity(Math.abs(v)));
  }
  brush.putImageData(picture, 0, 0);
}
