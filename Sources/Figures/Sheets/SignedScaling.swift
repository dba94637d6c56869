import Foundation
import Images

/// How a signed map (a gradient, a score, a direction) becomes a picture. Grey is zero, whatever the scaling.
package enum SignedScaling: String, Sendable, CaseIterable {
  /// Divided by the map's largest absolute value, all channels together: the paper's figures 1 and 10 to 15 for CIFAR-10.
  case maximum
  /// Clipped at three standard deviations of the map's values on both sides of zero, and divided by them: the
  /// paper's ImageNet pictures.
  case deviations
  /// Clipped at the 99th percentile of the absolute values, and divided by it.
  case percentile

  /// In words, for the sheet itself.
  package var words: String {
    switch self {
    case .maximum: "each divided by its own largest absolute value; grey is 0"
    case .deviations: "each clipped at 3 standard deviations of its own values and divided by them; grey is 0"
    case .percentile: "each clipped at the 99th percentile of its own absolute values and divided by it; grey is 0"
    }
  }

  /// What the map is divided by; 0 where it is zero throughout.
  func divisor(_ values: [Float]) -> Double {
    let sizes = values.map { abs(Double($0)) }
    let largest = sizes.max() ?? 0
    guard largest > 0 else { return 0 }
    switch self {
    case .maximum: return largest
    case .deviations:
      // In units of the largest value, so that no square overflows or vanishes.
      let scaled = values.map { Double($0) / largest }
      let mean = scaled.reduce(0, +) / Double(scaled.count)
      let variance = scaled.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(scaled.count)
      let limit = 3 * variance.squareRoot() * largest
      return limit > 0 ? limit : largest
    case .percentile:
      let sorted = sizes.sorted()
      let limit = sorted[Int((0.99 * Double(sorted.count - 1)).rounded())]
      return limit > 0 ? limit : largest
    }
  }

  /// v in [-1, 1] becomes 127.5 v + 128, cut to 0...255 and to whole numbers, as the paper's code does.
  /// - Parameter values: `[C, H, W]`, finite.
  /// - Precondition: as many values as the sizes say, 1 or 3 channels.
  package func picture(_ values: [Float], channels: Int, height: Int, width: Int) -> PixelImage {
    let divisor = divisor(values)
    return PixelImage(planes: values, channels: channels, height: height, width: width) { value in
      let scaled = divisor > 0 ? min(1, max(-1, Double(value) / divisor)) : 0
      return UInt8(min(255, max(0, 127.5 * scaled + 128)))
    }
  }
}

extension PixelImage {
  /// An image as it is: values in [0, 1], those outside are cut off.
  /// - Parameter values: `[C, H, W]`.
  package init(image values: [Float], channels: Int, height: Int, width: Int) {
    self.init(planes: values, channels: channels, height: height, width: width) {
      // The comparison makes 0 of NaN.
      $0 > 0 ? UInt8((min($0, 1) * 255).rounded()) : 0
    }
  }

  /// From channel by channel to pixel by pixel.
  fileprivate init(planes values: [Float], channels: Int, height: Int, width: Int, byte: (Float) -> UInt8) {
    precondition(values.count == channels * height * width, "\(values.count) values of an image")
    var pixels = [UInt8](repeating: 0, count: values.count)
    let plane = height * width
    for channel in 0..<channels {
      for place in 0..<plane { pixels[place * channels + channel] = byte(values[channel * plane + place]) }
    }
    self.init(width: width, height: height, channels: channels, pixels: pixels)
  }
}
