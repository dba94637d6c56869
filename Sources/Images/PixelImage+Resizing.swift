/// Bringing images to one size, to the byte as Pillow does (`Image.resize` with `BILINEAR`), which torchvision's
/// `Resize` calls for images from files: triangle weights that widen where an image shrinks, rounded to bytes between rows and columns.
extension PixelImage {
  /// Of the weights, so that sums of bytes fit into 32 bits.
  private static let fractionBits = 22

  /// Rows are resampled first, unless the height loses more than twice as many lines as the width does columns: so does Pillow 13, and
  /// what is rounded in between is another number then.
  /// - Precondition: positive sizes.
  package func resized(width: Int, height: Int) -> PixelImage {
    let lost = self.height - height
    return lost > 0 && lost > 2 * (self.width - width)
      ? resampled(height: height).resampled(width: width) : resampled(width: width).resampled(height: height)
  }

  private func resampled(width: Int) -> PixelImage {
    guard width != self.width else { return self }
    return PixelImage(
      width: width, height: height, channels: channels,
      pixels: resampled(lines: height, from: self.width, to: width, step: channels, line: self.width * channels))
  }

  /// Columns: one line for each value of a row.
  private func resampled(height: Int) -> PixelImage {
    guard height != self.height else { return self }
    let step = width * channels
    return PixelImage(
      width: width, height: height, channels: channels,
      pixels: resampled(lines: 1, from: self.height, to: height, step: step, line: 0, values: step))
  }

  /// The shorter side brought to `side`, the other one in proportion, rounded down: `torchvision.transforms.Resize(side)`.
  package func resized(shorterSide side: Int) -> PixelImage {
    width <= height
      ? resized(width: side, height: max(1, side * height / width))
      : resized(width: max(1, side * width / height), height: side)
  }

  /// The middle: `torchvision.transforms.CenterCrop`, whose halves are rounded to the even number.
  /// - Returns: nil where the image is smaller.
  package func centreCropped(width: Int, height: Int) -> PixelImage? {
    guard width <= self.width, height <= self.height else { return nil }
    let left = Int((Double(self.width - width) / 2).rounded(.toNearestOrEven))
    let top = Int((Double(self.height - height) / 2).rounded(.toNearestOrEven))
    var rows: [UInt8] = []
    for row in top..<top + height {
      let start = (row * self.width + left) * channels
      rows += pixels[start..<start + width * channels]
    }
    return PixelImage(width: width, height: height, channels: channels, pixels: rows)
  }

  /// - Parameters:
  ///   - step: from a sample to the next one of the same line.
  ///   - line: from a line to the next.
  ///   - values: how many neighbouring values are resampled alike.
  private func resampled(
    lines: Int, from count: Int, to target: Int, step: Int, line: Int, values: Int? = nil
  ) -> [UInt8] {
    let values = values ?? step
    let windows = ResamplingWindow.all(from: count, to: target).map { window in
      (start: window.start, weights: window.weights.map { Int(0.5 + $0 * Double(1 << Self.fractionBits)) })
    }
    return [UInt8](unsafeUninitializedCapacity: lines * target * values) { output, initialized in
      pixels.withUnsafeBufferPointer { input in
        var place = 0
        for index in 0..<lines {
          for window in windows {
            let start = index * line + window.start * step
            for value in 0..<values {
              var sum = 1 << (Self.fractionBits - 1)
              for (offset, weight) in window.weights.enumerated() {
                sum += weight * Int(input[start + offset * step + value])
              }
              output[place] = UInt8(clamping: sum >> Self.fractionBits)
              place += 1
            }
          }
        }
      }
      initialized = lines * target * values
    }
  }
}
