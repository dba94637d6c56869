import Images

/// Pixels that pictures and letters are drawn on.
struct Canvas {
  let width: Int
  let height: Int
  /// 1 (grey) or 3 (RGB).
  let channels: Int
  private(set) var pixels: [UInt8]

  /// White.
  init(width: Int, height: Int, channels: Int) {
    (self.width, self.height, self.channels) = (width, height, channels)
    pixels = [UInt8](repeating: 255, count: width * height * channels)
  }

  /// Each pixel of a picture becomes a square of `magnification` pixels; what lies beyond the canvas is left out.
  mutating func draw(_ picture: PixelImage, left: Int, top: Int, magnification: Int) {
    for y in 0..<picture.height * magnification where (0..<height).contains(top + y) {
      for x in 0..<picture.width * magnification where (0..<width).contains(left + x) {
        let source = (y / magnification * picture.width + x / magnification) * picture.channels
        let target = ((top + y) * width + left + x) * channels
        for channel in 0..<channels {
          pixels[target + channel] = picture.pixels[source + min(channel, picture.channels - 1)]
        }
      }
    }
  }

  /// A line of text in black.
  /// - Parameters:
  ///   - left, baseline: where its first letter begins, in pixels.
  ///   - size: the font's, in pixels.
  mutating func write(_ text: String, left: Double, baseline: Double, size: Double, isBold: Bool) {
    var left = left
    let unit = size / 10
    for character in text {
      draw(StrokeOutline.of(character), left: left, baseline: baseline, unit: unit, radius: (isBold ? 0.6 : 0.4) * unit)
      left += Typeface.width(String(character), size: size, isBold: isBold)
    }
  }

  /// A pixel is as dark as the pen covers it: by the distance of its centre from the pen's way, with a pixel's width of grey at
  /// the edge.
  private mutating func draw(
    _ outline: StrokeOutline, left: Double, baseline: Double, unit: Double, radius: Double
  ) {
    let pieces = outline.pieces.map { piece in
      (
        from: SIMD2(left + piece.from.x * unit, baseline - piece.from.y * unit),
        to: SIMD2(left + piece.to.x * unit, baseline - piece.to.y * unit)
      )
    }
    let points = pieces.flatMap { [$0.from, $0.to] }
    guard let first = points.first else { return }
    let low = points.reduce(first) { SIMD2(min($0.x, $1.x), min($0.y, $1.y)) }
    let high = points.reduce(first) { SIMD2(max($0.x, $1.x), max($0.y, $1.y)) }
    let margin = radius + 1
    // What lies beyond the canvas is left out.
    func range(_ low: Double, _ high: Double, _ count: Int) -> Range<Int> {
      let lower = Int(min(Double(count), max(0, low - margin)))
      return lower..<max(lower, Int(min(Double(count), max(0, high + margin + 1))))
    }
    for y in range(low.y, high.y, height) {
      for x in range(low.x, high.x, width) {
        let centre = SIMD2(Double(x) + 0.5, Double(y) + 0.5)
        var nearest = Double.infinity
        for piece in pieces { nearest = min(nearest, Self.squaredDistance(centre, piece)) }
        let cover = min(1, max(0, radius - nearest.squareRoot() + 0.5))
        guard cover > 0 else { continue }
        for channel in 0..<channels {
          let place = (y * width + x) * channels + channel
          pixels[place] = UInt8((Double(pixels[place]) * (1 - cover)).rounded())
        }
      }
    }
  }

  private static func squaredDistance(
    _ point: SIMD2<Double>, _ piece: (from: SIMD2<Double>, to: SIMD2<Double>)
  ) -> Double {
    let (way, offset) = (piece.to - piece.from, point - piece.from)
    let length = (way * way).sum()
    let share = length > 0 ? min(1, max(0, (way * offset).sum() / length)) : 0
    let rest = offset - share * way
    return (rest * rest).sum()
  }

  var image: PixelImage { PixelImage(width: width, height: height, channels: channels, pixels: pixels) }
}
