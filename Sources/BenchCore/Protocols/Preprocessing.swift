import Tensor

/// What is done to an image before the network gets it, and belongs to the model: resizing, if any, then per-channel
/// normalisation (pixel - mean) / std.
public struct Preprocessing: Sendable, Codable, Hashable {
  public var mean: [Float]
  public var std: [Float]
  /// `[height, width]` that images are brought to, bilinearly, without antialiasing; nil for as they are.
  public var resize: [Int]?

  public init(mean: [Float], std: [Float], resize: [Int]? = nil) {
    self.mean = mean
    self.std = std
    self.resize = resize
  }

  /// The normalisation alone.
  public var withoutResize: Preprocessing { Preprocessing(mean: mean, std: std) }

  /// What the network gets of images `[C, H, W]`.
  public func resized(_ image: Shape) -> Shape {
    guard let resize, resize.count == 2, image.rank == 3 else { return image }
    return [image[0], resize[0], resize[1]]
  }

  /// Of either side that images may be brought to.
  public static let sides = 1...4096

  public static func identity(channels: Int) -> Preprocessing {
    Preprocessing(mean: [Float](repeating: 0, count: channels), std: [Float](repeating: 1, count: channels))
  }

  /// Whether there is one finite mean and one finite positive deviation for each channel.
  public func isComplete(channels: Int) -> Bool {
    mean.count == channels && std.count == channels && (mean + std).allSatisfy(\.isFinite)
      && std.allSatisfy { $0 > 0 }
  }

  /// - Throws: `PreprocessingError` unless it is complete.
  public func requireComplete(channels: Int) throws(PreprocessingError) {
    guard isComplete(channels: channels) else {
      throw PreprocessingError(channels: channels, mean: mean.count, std: std.count)
    }
  }
}

/// A normalisation that images of so many channels cannot be given.
public struct PreprocessingError: Error, Sendable, Equatable, CustomStringConvertible {
  public let channels: Int
  /// How many means and deviations there are; as many as channels where their values are what is wrong.
  public let mean: Int
  public let std: Int

  public var description: String {
    mean == channels && std == channels
      ? "preprocessing has a mean that is not finite, or a standard deviation that is not a finite number above 0: pixels are divided "
        + "by it; correct it in model.json, or pass --mean and --std"
      : "preprocessing has \(mean) means and \(std) standard deviations (all must be finite, the latter positive), "
        + "the images \(channels) channels; give one of each per channel"
  }
}

/// Normalisations that can be computed but are not what was meant.
extension Preprocessing {
  /// Why no network can have been trained with it on pixels in [0, 1], with what was probably meant; nil where one can.
  package var problem: String? {
    if let resizeProblem { return resizeProblem }
    let largest = max(mean.max() ?? 0, (std.max() ?? 0) / 10)
    guard largest.isFinite, largest > 1 else { return nil }
    func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ",") }
    func divided(_ values: [Float]) -> String {
      values.map { "\((Double($0) / 255 * 10_000).rounded() / 10_000)" }.joined(separator: ",")
    }
    return "mean \(list(mean)), std \(list(std)) are of pixels in 0...255, pixels here are in [0, 1]; "
      + "divided by 255 they are mean \(divided(mean)), std \(divided(std))"
  }

  /// What is wrong with the size; nil where nothing is, or there is none.
  package var resizeProblem: String? {
    guard let resize, resize.count != 2 || !resize.allSatisfy(Self.sides.contains) else { return nil }
    return
      "resize is \(resize), expected [height, width], each from \(Self.sides.lowerBound) to \(Self.sides.upperBound)"
  }

  /// What looks like a mistake and may be none.
  package var remark: String? {
    // 0.5 and 0.5 scale pixels to [-1, 1], which many do.
    guard mean == std, mean.contains(where: { $0 != 0.5 }) else { return nil }
    return
      "means and standard deviations of pixels are the same numbers (\(mean.map { "\($0)" }.joined(separator: " "))); "
      + "were the means given for both?"
  }
}
