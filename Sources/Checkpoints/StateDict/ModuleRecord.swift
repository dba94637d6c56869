/// One module of a network that was pickled as a whole, as far as it is data: its class's name and its own settings.
public struct ModuleRecord: Sendable, Equatable {
  /// The names of its tensors begin with it and a dot; empty for the network itself. As `StateDict` names tensors.
  public let name: String
  /// Such as `torch.nn.modules.conv.Conv2d`.
  public let classPath: String
  public let hasTensors: Bool
  public let hasChildren: Bool
  /// Numbers, flags, texts and lists of numbers in `__dict__`, such as `eps`.
  public let settings: [String: Setting]

  public enum Setting: Sendable, Equatable {
    case number(Double)
    case flag(Bool)
    case text(String)
    case numbers([Double])
  }

  package init(
    name: String, classPath: String, hasTensors: Bool, hasChildren: Bool, settings: [String: Setting]
  ) {
    self.name = name
    self.classPath = classPath
    self.hasTensors = hasTensors
    self.hasChildren = hasChildren
    self.settings = settings
  }

  /// The class without its module, such as `Conv2d`.
  public var className: String { classPath.split(separator: ".").last.map(String.init) ?? classPath }

  /// Whether the class is PyTorch's, so that its settings say what it computes.
  public var isPyTorch: Bool { classPath.hasPrefix("torch.nn.") }

  func renamed(_ name: String) -> ModuleRecord {
    ModuleRecord(
      name: name, classPath: classPath, hasTensors: hasTensors, hasChildren: hasChildren, settings: settings)
  }
}
