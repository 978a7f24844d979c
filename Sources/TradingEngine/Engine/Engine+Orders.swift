import TradingModel

extension Engine {
    /// Acts upon what the strategy asked for, and upon what it asks for in answer, until nothing is left.
    @inline(never)
    func drain() {
        drainCommands()
        // A round of closing orders drains by itself.
        guard !isFlattening else { return }
        if isFlattenWanted {
            isFlattenWanted = false
            flatten()
        }
        if closing != nil { advanceClosing() }
    }

    func drainCommands() {
        flushLog()
        var next = 0
        while next < context.core.pointee.commands.count {
            guard next < Limits.commandsPerEventMax else {
                denyRest(from: next)
                break
            }
            switch context.core.pointee.commands[next] {
            case .submit(let id): submit(id)
            case .submitList(let first, let count): submitList(first, count: count)
            case .modify(let request): modify(request)
            case .cancel where isLookingBack, .cancelAll where isLookingBack:
                // An answer to the past must not end an order of today.
                counters.pointee.idleCommands += 1
            case .cancel(let id): cancel(id)
            case .cancelAll(let token):
                for order in context.orders.open where token == nil || order.token == token {
                    cancel(order.id)
                }
            }
            next += 1
        }
        context.commands.removeAll(keepingCapacity: true)
        flushLog()
        context.core.pointee.hasWork = false
        refreshVenueDeadline()
    }

    /// Lets the engine wake the venue when it has something to do although no record comes.
    func refreshVenueDeadline() {
        let due = venue.pointee.nextDue.nanoseconds
        guard due != context.core.pointee.venueDue else { return }
        // What has arrived without an answer may rest now.
        for index in context.instruments.indices { askVenue(index) }
        context.core.pointee.venueDue = due
        context.core.pointee.venueDeadline = due == .max ? .max : due + 1
        context.refreshDeadline()
    }

    private var isLookingBack: Bool { context.core.pointee.isCatchingUp && !isStarting }

    // MARK: - Commands

    private func submit(_ id: OrderID) {
        guard let place = context.orders.openIndex(id) else { return }
        let order = context.core.pointee.orders.open[place]
        if let denial = check(order) {
            deny(order, at: place, denial, tells: true)
            return
        }
        send(order, at: place)
    }

    /// Journals an order and hands it to the venue; its token was checked.
    func send(_ order: Order, at place: Int) {
        let index = context.table.index(of: order.token)
        let sent = asSent(order)
        context.core.pointee.orders.replace(at: place, with: sent)
        addOpenQuantity(index, order.side, order.quantity)
        context.core.pointee.portfolio.countOrder()
        recordSubmitted(sent)
        showUnseen(index)
        venue.pointee.submit(sent, instrument: index, at: context.now, reports: &reports.pointee)
        // Handling reports asks too.
        if reports.pointee.isEmpty { askVenue(index) } else { handleReports() }
    }

    /// A constant of its own: a variable of this size is copied whenever it is passed on.
    private func asSent(_ order: Order) -> Order {
        var sent = order
        sent.status = .submitted
        if order.timeInForce == .day {
            sent.expireTime = configuration.nextSessionEnd(after: context.now)
        }
        return sent
    }

    private func modify(_ request: OrderChangeRequest) {
        guard let place = context.orders.openIndex(request.id) else {
            counters.pointee.idleCommands += 1
            guard let order = context.orders.order(request.id) else { return }
            // Not journaled: the order's history has ended.
            let update = OrderUpdate(
                id: order.id, status: order.status, filledQuantity: order.filledQuantity,
                reason: DenialCode.modifyClosed.rawValue)
            strategy.pointee.onOrder(order, update: update, context: context)
            return
        }
        let order = context.orders.open[place]
        let index = context.table.index(of: order.token)
        if let denial = checkChange(order, request, index) {
            if denial == .journalBlocked || denial == .warmingUp {
                let update = OrderUpdate(
                    id: order.id, status: order.status, filledQuantity: order.filledQuantity,
                    reason: denial.rawValue)
                strategy.pointee.onOrder(order, update: update, context: context)
            } else {
                tell(order, reason: denial.rawValue)
            }
            return
        }
        change(order, to: request.terms(of: order), index)
    }

    /// Asks the venue for other terms, or changes an order that it does not have yet.
    func change(_ order: Order, to terms: OrderTerms, _ index: Int) {
        if order.status == .held {
            guard let place = context.orders.openIndex(order.id) else { return }
            var changed = order
            changed.terms = terms
            changed.link?.listQuantity = terms.quantity
            context.orders.replace(at: place, with: changed)
            tellModified(changed, reason: "modified")
            return
        }
        let growth = terms.quantity - order.quantity
        if growth > .zero {
            pendingGrowth.append((order.id, growth))
            addOpenQuantity(index, order.side, growth)
        }
        venue.pointee.modify(
            order, to: terms, instrument: index, at: context.now, reports: &reports.pointee)
        askVenue(index)
        // Pending for as long as no answer has come; the place may have moved by then.
        let isAnswered = reports.pointee.contains { $0.isAnswerToChange(of: order.id) }
        if !reports.pointee.isEmpty { handleReports() }
        guard !isAnswered, let place = context.orders.openIndex(order.id) else { return }
        setStatus(at: place, after: .modifySent)
    }

    func cancel(_ id: OrderID, reason: String = "") {
        guard let place = context.orders.openIndex(id) else {
            counters.pointee.idleCommands += 1
            return
        }
        let order = context.orders.open[place]
        if order.status == .held { return end(id, .canceled, reason) }
        // An order that was sent in the same callback after the cancel has not left yet; a second cancel is
        // one.
        guard order.status(after: .cancelSent) != nil else { return }
        let index = context.table.index(of: order.token)
        venue.pointee.cancel(order, instrument: index, at: context.now, reports: &reports.pointee)
        askVenue(index)
        let isAnswered = reports.pointee.contains { $0.isAnswerToCancel(of: id) }
        if !reports.pointee.isEmpty { handleReports() }
        guard !isAnswered, let place = context.orders.openIndex(id) else { return }
        setStatus(at: place, after: .cancelSent)
    }

    /// Ends a strategy's endless conversation with itself: the rest is denied without a callback.
    private func denyRest(from next: Int) {
        output.log(
            "more than \(Limits.commandsPerEventMax) commands came out of one record; the rest is denied",
            at: context.now)
        for command in context.commands[next...] {
            switch command {
            case .submit(let id): denyCommand(id)
            case .submitList(let first, let count): for id in listIDs(first, count) { denyCommand(id) }
            case .modify, .cancel, .cancelAll: continue
            }
        }
    }

    private func denyCommand(_ id: OrderID) {
        guard let place = context.orders.openIndex(id) else { return }
        deny(context.orders.open[place], at: place, .tooManyCommands, tells: false)
    }

    func deny(_ order: Order, at place: Int, _ denial: DenialCode, tells: Bool) {
        var denied = order
        denied.status = .denied
        context.orders.replace(at: place, with: denied)
        let update = OrderUpdate(
            id: denied.id, status: .denied, filledQuantity: .zero, reason: denial.rawValue)
        // A morning of a strategy that does not look at the flag would be thousands of them.
        if context.core.pointee.isCatchingUp {
            context.lastDenial = Denial(denial, "")
        } else {
            counters.pointee.denied += 1
            explain(denied, Denial(denial, denialContext))
            // What waits for a full disk is kept in memory, which refusals without end must not fill.
            if denial != .journalBlocked {
                recordSubmitted(denied)
                recordUpdated(update)
            }
        }
        if tells { strategy.pointee.onOrder(denied, update: update, context: context) }
    }

    /// Tells people and the strategy what was compared.
    private func explain(_ order: Order, _ denial: Denial) {
        denialContext = ""
        context.lastDenial = denial
        guard counters.pointee.denied <= Limits.deniedOrdersLogged else { return }
        let last =
            counters.pointee.denied == Limits.deniedOrdersLogged ? "; further ones are only counted" : ""
        context.log("denied order \(order.id), \(order.side) \(order.quantity): \(denial)\(last)")
    }

    func flushLog() {
        guard !context.core.pointee.logLines.isEmpty else { return }
        for line in context.logLines { output.log(line, at: context.now) }
        context.logLines.removeAll(keepingCapacity: true)
    }
}

extension VenueReport {
    fileprivate func isAnswerToChange(of order: OrderID) -> Bool {
        switch self {
        case .modified(let id, _), .modifyRejected(let id, _): id == order
        default: false
        }
    }

    fileprivate func isAnswerToCancel(of order: OrderID) -> Bool {
        switch self {
        case .canceled(let id, _), .cancelRejected(let id, _): id == order
        default: false
        }
    }
}
