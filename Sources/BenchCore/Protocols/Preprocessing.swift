/// Per-channel normalisation (pixel - mean) / std that belongs to the model.
public struct Preprocessing: Sendable, Codable, Equatable {
  public var mean: [Float]
  public var std: [Float]

  public init(mean: [Float], std: [Float]) {
    self.mean = mean
    self.std = std
  }

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
  public var problem: String? {
    let largest = max(mean.max() ?? 0, (std.max() ?? 0) / 10)
    guard largest.isFinite, largest > 1 else { return nil }
    func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ",") }
    func divided(_ values: [Float]) -> String {
      values.map { "\((Double($0) / 255 * 10_000).rounded() / 10_000)" }.joined(separator: ",")
    }
    return "mean \(list(mean)), std \(list(std)) are of pixels in 0...255, pixels here are in [0, 1]; "
      + "divided by 255 they are mean \(divided(mean)), std \(divided(std))"
  }

  /// What looks like a mistake and may be none.
  public var remark: String? {
    // 0.5 and 0.5 scale pixels to [-1, 1], which many do.
    guard mean == std, mean.contains(where: { $0 != 0.5 }) else { return nil }
    return
      "means and standard deviations of pixels are the same numbers (\(mean.map { "\($0)" }.joined(separator: " "))); "
      + "were the means given for both?"
  }
}
