/// Normalisation that belongs to a network: the input becomes `(x - mean) / std`, per channel.
public struct InputNormalisation: Sendable, Equatable {
  public let mean: [Float]
  public let std: [Float]
  /// Whether the network first clamps its input to [0, 1], as the robustness library's `InputNormalize` does.
  public let clampsInput: Bool

  public init(mean: [Float], std: [Float], clampsInput: Bool) {
    self.mean = mean
    self.std = std
    self.clampsInput = clampsInput
  }
}

extension InputNormalisation {
  private static let meanWords: Set<String> = ["mean", "means", "mu"]
  private static let deviationWords: Set<String> = ["std", "stds", "sigma", "stdev", "stddev", "sd"]
  /// Words that stand beside them and say what they are of.
  private static let otherWords: Set<String> = [
    "new", "image", "img", "pixel", "pixels", "input", "x", "data", "dataset", "channel", "channels", "rgb", "norm",
    "normalize", "normalise", "normalizer", "normalization", "train", "",
  ]

  /// Whether an attribute is called as means or deviations of channels are.
  public static func isName(_ name: String) -> Bool {
    let component = name.split(separator: ".").last.map(String.init) ?? name
    let words = words(component)
    let known = words.filter { meanWords.contains($0) || deviationWords.contains($0) }
    return known.count == 1 && words.allSatisfy { $0 == known[0] || otherWords.contains($0) }
  }

  /// What the deviations that belong to means of that name may be called; empty where it is not a name of means.
  static func deviations(ofMean name: String) -> [String] {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let last = parts.last.map(String.init), isName(last) else { return [] }
    let words = last.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
    guard let place = words.firstIndex(where: { meanWords.contains($0.lowercased()) }) else { return [] }
    let module = parts.dropLast().map { $0 + "." }.joined()
    return deviationWords.sorted().flatMap { deviation in
      [deviation, deviation.uppercased(), deviation.capitalized].map { word in
        var changed = words
        changed[place] = word
        return module + changed.joined(separator: "_")
      }
    }
  }

  private static func words(_ component: String) -> [String] {
    component.lowercased().split(separator: "_", omittingEmptySubsequences: false).map(String.init)
  }
}
