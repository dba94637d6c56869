/// Lays out equally sized images in rows, from the left and from the top, to be looked at.
package struct ImageGrid: Sendable {
  /// Images in a row.
  package var columns: Int
  /// Each value becomes a square of so many pixels.
  package var magnification: Int
  /// Pixels between neighbours, and around the whole.
  package var gap: Int
  /// The grey level of gaps and of places without image, 0...255.
  package var background: UInt8

  /// - Precondition: `columns` and `magnification` are positive, `gap` is not negative.
  package init(columns: Int, magnification: Int = 1, gap: Int = 2, background: UInt8 = 255) {
    precondition(columns > 0 && magnification > 0 && gap >= 0, "a grid needs columns and a magnification")
    self.columns = columns
    self.magnification = magnification
    self.gap = gap
    self.background = background
  }

  /// libpng's limit for either side of an image.
  static let maximumSide = 1_000_000
  /// One GiB of pixels: beyond this a sheet is a mistake.
  static let maximumBytes = 1 << 30

  /// Draws `images`, each `[channels, height, width]` row-major with values in [0, 1]; values outside are clamped, NaN
  /// is drawn as 0. The grid is only as wide as its longest row.
  /// - Precondition: positive sizes, 1 or 3 channels.
  /// - Throws: `ImageError` if there is no image, one has another size, or the sheet would be too large.
  package func draw(_ images: [[Float]], channels: Int, height: Int, width: Int) throws(ImageError) -> PixelImage {
    precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels, got \(channels)")
    precondition(height > 0 && width > 0, "an image needs a positive size, got \(width) x \(height)")
    guard !images.isEmpty else { throw .emptyGrid }
    let columns = min(columns, images.count)
    let rows = (images.count - 1) / columns + 1
    let sheetWidth = side(count: columns, length: width)
    let sheetHeight = side(count: rows, length: height)
    guard sheetWidth <= Self.maximumSide, sheetHeight <= Self.maximumSide,
      sheetWidth * sheetHeight * channels <= Self.maximumBytes
    else {
      throw .gridTooLarge(
        width: sheetWidth, height: sheetHeight, maximumSide: Self.maximumSide, maximumBytes: Self.maximumBytes)
    }

    var pixels = [UInt8](repeating: background, count: sheetWidth * sheetHeight * channels)
    for (index, image) in images.enumerated() {
      guard image.count == channels * height * width else {
        throw .gridImageSize(index: index, expected: channels * height * width, got: image.count)
      }
      let top = gap + index / columns * (height * magnification + gap)
      let left = gap + index % columns * (width * magnification + gap)
      for y in 0..<height * magnification {
        for x in 0..<width * magnification {
          for channel in 0..<channels {
            let value = image[(channel * height + y / magnification) * width + x / magnification]
            pixels[((top + y) * sheetWidth + left + x) * channels + channel] = Self.byte(value)
          }
        }
      }
    }
    return PixelImage(width: sheetWidth, height: sheetHeight, channels: channels, pixels: pixels)
  }

  /// How wide a sheet is of rows with so many images, each `width` pixels wide.
  package func width(of columns: Int, imagesOf width: Int) -> Int { side(count: columns, length: width) }

  /// The pixels of `count` images and the gaps beside them; beyond every limit where that overflows.
  private func side(count: Int, length: Int) -> Int {
    let (magnified, first) = length.multipliedReportingOverflow(by: magnification)
    let (step, second) = magnified.addingReportingOverflow(gap)
    let (all, third) = step.multipliedReportingOverflow(by: count)
    let (side, fourth) = all.addingReportingOverflow(gap)
    return first || second || third || fourth ? .max : side
  }

  private static func byte(_ value: Float) -> UInt8 {
    // `max` and `min` pass NaN on, the comparison does not.
    value > 0 ? UInt8((min(value, 1) * 255).rounded()) : 0
  }
}
