/// The strongest iterate of each image so far: the first one that is classified wrongly, or else that with the largest lead of another
/// class.
struct StrongestAttempts {
  private(set) var attempts: [Attempt]
  private var leads: [Double]
  private let labels: [Int]

  init(_ images: AttackedImages) {
    attempts = images.clean.map { Attempt(image: $0, isAdversarial: false) }
    leads = [Double](repeating: -.infinity, count: images.count)
    labels = images.labels
  }

  /// Images that are still classified rightly.
  var open: [Int] { attempts.indices.filter { !attempts[$0].isAdversarial } }

  mutating func note(_ image: [Float], logits: [Float], of member: Int) {
    guard !attempts[member].isAdversarial else { return }
    let isAdversarial = logits.predicted != labels[member]
    let lead = logits.lead(over: labels[member])
    guard isAdversarial || lead > leads[member] else { return }
    leads[member] = lead
    attempts[member] = Attempt(image: image, isAdversarial: isAdversarial)
  }

  /// The same of images of several members, passed through the model.
  mutating func note(_ tried: [[Float]], of members: [Int], on images: AttackedImages) throws {
    for (position, logits) in try images.logits(tried, of: members).enumerated() {
      note(tried[position], logits: logits, of: members[position])
    }
  }
}
