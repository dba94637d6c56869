import BenchCore

/// Several attacks one after another, each on the images that the others left: what all withstand is robust against each.
///
/// AutoAttack's standard (Croce and Hein 2020) is APGD on the cross-entropy, targeted APGD, targeted FAB and Square.
package struct AttackSequence: Attack {
  package let norm: AttackNorm
  package let attacks: [any Attack]
  private let id: String

  package init(id: String, norm: AttackNorm, _ attacks: [any Attack]) {
    precondition(!attacks.isEmpty, "a sequence of no attacks")
    self.id = id
    self.norm = norm
    self.attacks = attacks
  }

  package static func autoAttack(_ norm: AttackNorm, _ options: AttackCatalogue.Options)
    -> AttackSequence
  {
    let steps = options.steps ?? AutoProjectedGradient.defaultSteps
    let restarts = options.restarts ?? 1
    return AttackSequence(
      id: "autoattack-\(norm.rawValue)", norm: norm,
      [
        AutoProjectedGradient(norm: norm, goal: .crossEntropy, steps: steps, restarts: restarts),
        AutoProjectedGradient(
          norm: norm, goal: .targeted(AutoProjectedGradient.defaultTargets), steps: steps,
          restarts: restarts),
        FastAdaptiveBoundary(norm: norm, steps: steps, restarts: restarts),
        SquareAttack(norm: norm, queries: options.queries ?? 5000),
      ])
  }

  package var record: AttackRecord {
    AttackRecord(
      id: id, steps: attacks.compactMap(\.record.steps).first,
      restarts: attacks.compactMap(\.record.restarts).first,
      queries: attacks.compactMap(\.record.queries).first,
      targets: attacks.compactMap(\.record.targets).first,
      losses: attacks.map(\.record.id))
  }

  package func attack(
    _ images: AttackedImages, within radii: [Double], from starts: [[Float]?]
  ) throws -> [Attempt] {
    var attempts = images.clean.map { Attempt(image: $0, isAdversarial: false) }
    for (index, attack) in attacks.enumerated() {
      let open = attempts.indices.filter { !attempts[$0].isAdversarial }
      guard !open.isEmpty else { break }
      let found = try attack.attack(
        images.subset(open), within: open.map { radii[$0] },
        from: open.map { index == 0 ? starts[$0] : nil })
      for (position, member) in open.enumerated() where found[position].isAdversarial || index == 0 {
        attempts[member] = found[position]
      }
    }
    return attempts
  }
}
