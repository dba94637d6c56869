/// An object as `torch_utils.persistence` of NVIDIA's research code writes it (EDM, StyleGAN): not by its class's name and BUILD
/// but as `_reconstruct_persistent_obj(meta)`, where `meta` holds the class's name, the whole source text that it is in, and
/// `__dict__`. Python executes the text; here nothing looks at it.
struct PersistentObject: Sendable {
  let className: String
  /// What `__dict__` would hold.
  let state: PickleValue

  /// The one layout that was ever published.
  private static let version: Int64 = 6

  /// nil where the object is none of these, or of a version that is not known.
  init?(_ object: PickleObject, in view: PickleView) {
    guard case .persistentObject? = view.meaning(of: object.callable),
      let meta = view.heap.elements(of: object.arguments)?.first.flatMap({ view.namedItems($0) })
    else { return nil }
    func entry(_ name: String) -> PickleValue? { meta.first { $0.name == name }?.value }
    guard entry("type").flatMap({ view.string($0) }) == "class", case .integer(Self.version)? = entry("version"),
      let className = entry("class_name").flatMap({ view.string($0) }), let state = entry("state"),
      view.items(state) != nil
    else { return nil }
    self.className = className
    self.state = state
  }
}
