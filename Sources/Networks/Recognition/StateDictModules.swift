import Checkpoints

/// What a network that was pickled as a whole says of its layers: classes and settings, though not the code that connects them.
struct StateDictModules: Sendable {
  private let modules: [ModuleRecord]
  private let byName: [String: ModuleRecord]

  /// - Returns: nil where the file holds tensors alone.
  init?(_ modules: [ModuleRecord]) {
    guard !modules.isEmpty else { return nil }
    self.modules = modules
    byName = Dictionary(modules.map { ($0.name, $0) }) { first, _ in first }
  }

  /// The layers with the `eps` that their modules have, where the list does not state one.
  /// - Returns: also how many were changed.
  func completed(_ layers: [Layer]) -> (layers: [Layer], changed: Int) {
    var changed = 0
    let completed = layers.map { layer in
      layer.mapped { layer in
        guard let name = layer.name, layer.eps == nil, Self.normalisations.contains(layer.type),
          let eps = byName[name]?.number("eps"), eps.isFinite, eps >= 0, eps != 1e-5
        else { return layer }
        changed += 1
        var copy = layer
        copy.eps = eps
        return copy
      }
    }
    return (completed, changed)
  }

  /// Where layers contradict the modules, each in a few words; empty where they agree.
  func contradictions(_ layers: [Layer]) -> [String] {
    let all = layers.flatMap(\.withInner)
    return all.compactMap(contradiction) + withoutTensors(all)
  }

  /// How many layers were compared.
  func compared(_ layers: [Layer]) -> Int {
    layers.flatMap(\.withInner).count { $0.name.map { byName[$0] != nil } ?? false }
  }

  // MARK: - Layers with tensors

  private static let normalisations: Set<String> = ["BatchNorm2d", "GroupNorm", "InstanceNorm2d", "LayerNorm"]

  /// The classes that compute what a layer type does.
  private static let classes: [String: Set<String>] = [
    "Conv2d": ["Conv2d"], "ConvTranspose2d": ["ConvTranspose2d"],
    "Linear": ["Linear", "NonDynamicallyQuantizableLinear"],
    "BatchNorm2d": ["BatchNorm1d", "BatchNorm2d", "SyncBatchNorm"], "GroupNorm": ["GroupNorm"],
    "InstanceNorm2d": ["InstanceNorm2d"], "LayerNorm": ["LayerNorm"], "MultiheadAttention": ["MultiheadAttention"],
    "WindowAttention": ["ShiftedWindowAttention"], "CosineWindowAttention": ["ShiftedWindowAttentionV2"],
  ]

  private func contradiction(_ layer: Layer) -> String? {
    guard let name = layer.name, let module = byName[name], let classes = Self.classes[layer.type] else { return nil }
    let title = "`\(name)`"
    guard let name = module.knownClass else {
      return "\(title) is a \(module.classPath), whose code is not in the file, the network's a \(layer.type)"
    }
    guard classes.contains(name) else { return "\(title) is a \(name), the network's a \(layer.type)" }
    if let heads = module.number("num_heads"), let own = layer.numHeads, heads != Double(own) {
      return "\(title) has num_heads \(Self.text((heads, heads))), the network's \(own)"
    }
    if ["WindowAttention", "CosineWindowAttention"].contains(layer.type), let shift = module.pair("shift_size"),
      shift != (layer.shiftSize ?? 0, layer.shiftSize ?? 0)
    {
      return "\(title) has shift_size \(Self.text(shift)), the network's \(layer.shiftSize ?? 0)"
    }
    if Self.normalisations.contains(layer.type) {
      guard let eps = module.number("eps"), eps != layer.eps ?? 1e-5 else { return nil }
      return "\(title) has eps \(eps), the network's \(layer.eps ?? 1e-5)"
    }
    if layer.type == "Conv2d" || layer.type == "ConvTranspose2d" { return convolution(layer, module, title) }
    return nil
  }

  private func convolution(_ layer: Layer, _ module: ModuleRecord, _ title: String) -> String? {
    if case .text(let mode)? = module.settings["padding_mode"], mode != "zeros" {
      return "\(title) has padding_mode '\(mode)', the network's zeros"
    }
    for (setting, own) in [
      ("stride", (layer.stride ?? 1).pair), ("dilation", (layer.dilation ?? 1).pair),
      ("output_padding", (layer.outputPadding ?? 0).pair),
    ] {
      guard let theirs = module.pair(setting), let own else { continue }
      if theirs != own { return "\(title) has \(setting) \(Self.text(theirs)), the network's \(Self.text(own))" }
    }
    if let groups = module.number("groups"), groups != Double(layer.groups ?? 1) {
      return "\(title) has groups \(Self.text((groups, groups))), the network's \(layer.groups ?? 1)"
    }
    guard let own = (layer.padding ?? 0).sides else { return nil }
    // TensorFlow's padding follows from the map, and layers that have it state all four sides.
    if module.className == ModuleRecord.tensorFlowConvolution {
      return layer.padding?.values.count == 4
        ? nil : "\(title) pads as TensorFlow does, the network's alike on all sides"
    }
    let sides = [own.top, own.left, own.bottom, own.right].map(Double.init)
    guard let theirs = padding(module), theirs != sides else { return nil }
    return "\(title) has padding \(Self.text((theirs[0], theirs[1]))), the network's \(Self.text((sides[0], sides[1])))"
  }

  /// Top, left, bottom and right; nil where the module does not tell.
  private func padding(_ module: ModuleRecord) -> [Double]? {
    guard case .text(let text)? = module.settings["padding"] else {
      return module.pair("padding").map { [$0.0, $0.1, $0.0, $0.1] }
    }
    guard text == "same", let kernel = module.pair("kernel_size") else { return text == "valid" ? [0, 0, 0, 0] : nil }
    let dilation = module.pair("dilation") ?? (1, 1)
    // What does not divide by 2 goes to the bottom and the right.
    let total = (dilation.0 * (kernel.0 - 1), dilation.1 * (kernel.1 - 1))
    let before = ((total.0 / 2).rounded(.down), (total.1 / 2).rounded(.down))
    return [before.0, before.1, total.0 - before.0, total.1 - before.1]
  }

  // MARK: - Modules without tensors

  /// Modules that change nothing, or nothing in inference.
  private static let harmless: Set<String> = [
    "Identity", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout", "Flatten",
    "Sequential", "ModuleList", "ModuleDict", "StochasticDepth", "DropPath", "Permute",
  ]
  private static let averages: Set<String> = ["GlobalAvgPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "Mean"]

  /// Activations and pools stand in no layer's name: each kind of them must be one of the network's.
  private func withoutTensors(_ layers: [Layer]) -> [String] {
    let types = Set(layers.map(\.type))
    let attends = !types.isDisjoint(with: ["MultiheadAttention", "WindowAttention", "CosineWindowAttention"])
    // Within the attention of Swin V2 stands a rectifier.
    let within = (attends ? ["Softmax"] : []) + (types.contains("CosineWindowAttention") ? ["ReLU"] : [])
    let known = Set(layers.map(Self.signature) + within)
    var unlike: [String: [String]] = [:]
    for module in modules where !module.hasTensors && !module.hasChildren {
      guard let signature = Self.signature(module), !known.contains(signature) else { continue }
      if let name = module.knownClass, Self.averages.contains(name), !types.isDisjoint(with: Self.averages) { continue }
      unlike[signature, default: []].append("`\(module.name)`")
    }
    var found = unlike.sorted { $0.key < $1.key }.map { signature, names in
      let list = names.prefix(2).joined(separator: ", ") + (names.count > 2 ? " and \(names.count - 2) more" : "")
      return "\(list) \(names.count == 1 ? "is" : "are") \(signature), of which the network has none"
    }
    // A pool that was replaced; one that is a function leaves nothing behind.
    if types.contains("MaxPool2d"), !modules.contains(where: { $0.className == "MaxPool2d" }),
      let removed = modules.first(where: { $0.className == "Identity" && $0.name.lowercased().contains("pool") })
    {
      found.append("`\(removed.name)` is Identity, the network has a MaxPool2d")
    }
    return found
  }

  /// A layer's type and what decides its function, in PyTorch's words.
  private static func signature(_ layer: Layer) -> String {
    func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "none" }
    switch layer.type {
    case "LeakyReLU": return "LeakyReLU(\(text(layer.negativeSlope ?? 0.01)))"
    case "Softplus": return "Softplus(\(text(layer.beta ?? 1)))"
    case "GELU": return "GELU(\(layer.approximate ?? "none"))"
    case "Clip": return "Clip(\(text(layer.minimum)), \(text(layer.maximum)))"
    case "ReLU6": return "Clip(0.0, 6.0)"
    case "Hardtanh": return "Clip(\(text(layer.minVal ?? -1)), \(text(layer.maxVal ?? 1)))"
    case "ELU", "CELU": return "\(layer.type)(\(text(layer.alpha ?? 1)))"
    case "RReLU": return "RReLU(\(text(layer.lower ?? 1 / 8)), \(text(layer.upper ?? 1 / 3)))"
    case "Hardshrink", "Softshrink": return "\(layer.type)(\(text(layer.lambd ?? 0.5)))"
    case "Threshold": return "Threshold(\(text(layer.threshold)), \(text(layer.value)))"
    case "GLU": return "GLU(\(layer.axis ?? -1))"
    case "MaxPool2d":
      let size = layer.kernelSize?.pair ?? (0, 0)
      return pool(
        size, layer.stride?.pair ?? size, layer.padding?.pair ?? (0, 0), layer.dilation?.pair ?? (1, 1),
        ceil: layer.ceilMode ?? false)
    default: return layer.type
    }
  }

  /// The same of a module, nil for one that changes nothing.
  private static func signature(_ module: ModuleRecord) -> String? {
    // Whoever writes a class of that name means PyTorch's or torchvision's.
    if harmless.contains(module.className) || module.classPath.hasPrefix("torch.nn.modules.loss.") { return nil }
    guard let name = module.knownClass else { return "\(module.classPath) (whose code is not in the file)" }
    func text(_ key: String, _ value: Double) -> String { "\(module.number(key) ?? value)" }
    switch name {
    case "LeakyReLU": return "LeakyReLU(\(text("negative_slope", 0.01)))"
    case "Softplus": return "Softplus(\(text("beta", 1)))"
    case "GELU":
      if case .text(let form)? = module.settings["approximate"] { return "GELU(\(form))" }
      return "GELU(none)"
    case "ReLU6": return "Clip(0.0, 6.0)"
    case "Hardtanh": return "Clip(\(text("min_val", -1)), \(text("max_val", 1)))"
    case "ELU", "CELU": return "\(name)(\(text("alpha", 1)))"
    case "RReLU": return "RReLU(\(text("lower", 1 / 8)), \(text("upper", 1 / 3)))"
    case "Hardshrink", "Softshrink": return "\(name)(\(text("lambd", 0.5)))"
    case "Threshold": return "Threshold(\(text("threshold", 0)), \(text("value", 0)))"
    case "GLU": return "GLU(\(module.number("dim").flatMap { Int(exactly: $0) } ?? -1))"
    case "MaxPool2d":
      let size = module.pair("kernel_size") ?? (0, 0)
      var ceil = false
      if case .flag(let flag)? = module.settings["ceil_mode"] { ceil = flag }
      return pool(
        integers(size), integers(module.pair("stride") ?? size), integers(module.pair("padding") ?? (0, 0)),
        integers(module.pair("dilation") ?? (1, 1)), ceil: ceil)
    case "AvgPool2d":
      // A window of one pixel, which some code has after the last pool.
      if let size = module.pair("kernel_size"), size == (1, 1), module.pair("stride") ?? (1, 1) == (1, 1) { return nil }
      return name
    default: return name
    }
  }

  private static func pool(
    _ size: (Int, Int), _ stride: (Int, Int), _ padding: (Int, Int), _ dilation: (Int, Int), ceil: Bool
  ) -> String {
    func pair(_ value: (Int, Int)) -> String { value.0 == value.1 ? "\(value.0)" : "[\(value.0), \(value.1)]" }
    return "MaxPool2d(\(pair(size)), stride \(pair(stride)), padding \(pair(padding)), dilation \(pair(dilation))"
      + (ceil ? ", ceil_mode)" : ")")
  }

  private static func integers(_ pair: (Double, Double)) -> (Int, Int) {
    // A number that no window has stays different from all.
    (Int(exactly: pair.0) ?? -1, Int(exactly: pair.1) ?? -1)
  }

  private static func text(_ pair: (Double, Double)) -> String {
    func number(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
    return pair.0 == pair.1 ? number(pair.0) : "[\(number(pair.0)), \(number(pair.1))]"
  }

  private static func text(_ pair: (Int, Int)) -> String { text((Double(pair.0), Double(pair.1))) }
}

private func != (_ first: (Double, Double), _ second: (Int, Int)) -> Bool {
  first.0 != Double(second.0) || first.1 != Double(second.1)
}

extension ModuleRecord {
  fileprivate static let tensorFlowConvolution = "Conv2dSame"

  /// Classes of torchvision and timm that compute what PyTorch's of another name do, on maps what it does on their positions, or whose
  /// activation is a module within.
  private static let likePyTorch = [
    "torchvision.models.convnext.LayerNorm2d": "LayerNorm",
    "torchvision.models.swin_transformer.ShiftedWindowAttention": "ShiftedWindowAttention",
    "torchvision.models.swin_transformer.ShiftedWindowAttentionV2": "ShiftedWindowAttentionV2",
    "timm.layers.norm.LayerNorm": "LayerNorm", "timm.layers.norm.LayerNorm2d": "LayerNorm",
    "timm.layers.norm_act.BatchNormAct2d": "BatchNorm2d", "timm.layers.linear.Linear": "Linear",
    "timm.layers.conv2d_same.\(tensorFlowConvolution)": "Conv2d", "timm.layers.activations.GELU": "GELU",
    "timm.layers.activations.Sigmoid": "Sigmoid", "timm.layers.attention.Attention": "MultiheadAttention",
    "timm.models.swin_transformer.WindowAttention": "ShiftedWindowAttention",
    "timm.layers.adaptive_avgmax_pool.FastAdaptiveAvgPool": "AdaptiveAvgPool2d",
  ]

  /// The name of a class whose code is known: PyTorch's own, or one that is like it.
  fileprivate var knownClass: String? { isPyTorch ? className : Self.likePyTorch[classPath] }

  fileprivate func number(_ key: String) -> Double? {
    if case .number(let value)? = settings[key] { value } else { nil }
  }

  /// Vertical and horizontal, of one number or two.
  fileprivate func pair(_ key: String) -> (Double, Double)? {
    switch settings[key] {
    case .number(let value): (value, value)
    case .numbers(let values) where values.count == 2: (values[0], values[1])
    case .numbers(let values) where values.count == 1: (values[0], values[0])
    default: nil
    }
  }
}

extension Layer {
  /// This layer and all inside it.
  var withInner: [Layer] {
    let inner = (layers ?? []) + (main ?? []) + (shortcut ?? []) + (branches ?? []).flatMap { $0 }
    return [self] + inner.flatMap(\.withInner)
  }

  /// This layer with `change` applied to those inside it and then to itself.
  func mapped(_ change: (Layer) -> Layer) -> Layer {
    var copy = self
    copy.layers = layers?.map { $0.mapped(change) }
    copy.main = main?.map { $0.mapped(change) }
    copy.shortcut = shortcut?.map { $0.mapped(change) }
    copy.branches = branches?.map { $0.map { $0.mapped(change) } }
    return change(copy)
  }
}
