/// Which of torchvision's networks the convolutions under `features.` are: for messages, where a file is not the expected one.
enum LPIPSAppearance {
  /// - Parameter shapes: of the tensors by their names behind `features.`.
  /// - Returns: nil for none that is known.
  static func network(_ shapes: [String: [Int]]) -> String? {
    let hasNormalisation = shapes.keys.contains { $0.hasSuffix(".running_mean") }
    func places(where isMeant: (String, [Int]) -> Bool) -> [Int] {
      Set(shapes.filter(isMeant).keys.compactMap { Int($0.prefix { $0 != "." }) }).sorted()
    }
    if let fires = known(fires, places { name, _ in name.hasSuffix(".squeeze.weight") }) { return fires }
    let convolutions = places { name, shape in name.hasSuffix(".weight") && shape.count == 4 }
    if shapes["0.weight"] == [64, 3, 11, 11] { return known(["alexnet": [0, 3, 6, 8, 10]], convolutions) }
    return known(hasNormalisation ? normalised : plain, convolutions)
  }

  private static func known(_ networks: [String: [Int]], _ places: [Int]) -> String? {
    networks.first { $0.value == places }?.key
  }

  private static let fires = [
    "squeezenet1_0": [3, 4, 5, 7, 8, 9, 10, 12], "squeezenet1_1": [3, 4, 6, 7, 9, 10, 11, 12],
  ]
  private static let plain = [
    "vgg11": [0, 3, 6, 8, 11, 13, 16, 18], "vgg13": [0, 2, 5, 7, 10, 12, 15, 17, 20, 22],
    "vgg16": [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28],
    "vgg19": [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34],
  ]
  private static let normalised = [
    "vgg11_bn": [0, 4, 8, 11, 15, 18, 22, 25], "vgg13_bn": [0, 3, 7, 10, 14, 17, 21, 24, 28, 31],
    "vgg16_bn": [0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40],
    "vgg19_bn": [0, 3, 7, 10, 14, 17, 20, 23, 27, 30, 33, 36, 40, 43, 46, 49],
  ]
}
