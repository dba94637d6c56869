/// An attack, and the radii that it is tried at.
package struct AttackPlan: Sendable {
  package let attack: any Attack
  package let radii: AttackRadii
  /// Relative width at which the bisection of radii ends; nil for none.
  package let tolerance: Double?

  package static let defaultTolerance = 0.01

  package init(_ attack: any Attack, radii: AttackRadii, tolerance: Double?) {
    self.attack = attack
    self.radii = radii
    self.tolerance = tolerance
  }

  var search: RadiusSearch { RadiusSearch(grid: radii.grid, tolerance: tolerance) }

  /// As it is run where nobody names a radius: the smallest one is looked for, along the attack's own grid or that of the task's
  /// images. A sequence of attacks, which takes long, is run at the radii that others report alone.
  /// - Parameters:
  ///   - task: its id.
  ///   - pixels: of an image.
  /// - Throws: `AttackError.noCustomaryRadius`.
  package static func usual(
    _ attack: any Attack, task: String, pixels: Int, tolerance: Double = defaultTolerance
  ) throws(AttackError) -> AttackPlan {
    if let grid = attack.grid {
      return AttackPlan(
        attack, radii: AttackRadii(reported: grid.map { .init(radius: $0) }, grid: grid), tolerance: tolerance)
    }
    let radii = AttackRadii(attack.norm, task: task, pixels: pixels)
    guard attack is AttackSequence else { return AttackPlan(attack, radii: radii, tolerance: tolerance) }
    guard !radii.reported.isEmpty else { throw .noCustomaryRadius(attack: attack.id, task: task) }
    return AttackPlan(attack, radii: AttackRadii(reported: radii.reported, grid: []), tolerance: nil)
  }
}
