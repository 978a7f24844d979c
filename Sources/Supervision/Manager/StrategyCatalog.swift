/// What the manager knows of the strategies compiled into its own executable.
///
/// Closures, because the manager does not know the engine: the program that joins both fills them in.
package struct StrategyCatalog: Sendable {
    /// Why a class with a configuration cannot be started; `nil` when it can.
    package var problem:
        @Sendable (_ className: String, _ configJSON: String, _ limitsJSON: String?) -> String?
    /// Why these changes of parameters cannot be made to a configuration; `nil` when they can. `isRunning` says
    /// whether they have to work without a restart.
    package var updateProblem:
        @Sendable (
            _ className: String, _ configJSON: String, _ parametersJSON: String, _ isRunning: Bool
        ) -> String?

    package init(
        problem: @escaping @Sendable (String, String, String?) -> String?,
        updateProblem: @escaping @Sendable (String, String, String, Bool) -> String?
    ) {
        self.problem = problem
        self.updateProblem = updateProblem
    }
}
