/// Normalisations that can be computed but are not what was meant.
extension Preprocessing {
  /// Why no network can have been trained with it on pixels in [0, 1], with what was probably meant; nil where one can.
  public var problem: String? {
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
  public var resizeProblem: String? {
    guard let resize, resize.count != 2 || !resize.allSatisfy(Self.sides.contains) else { return nil }
    return
      "resize is \(resize), expected [height, width], each from \(Self.sides.lowerBound) to \(Self.sides.upperBound)"
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
