#include "broker/access/authenticator.h"

#include <openssl/rand.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/ensure.h"
#include "broker/access/scram_desk.h"

namespace mq::broker {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  ensure(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1,
         "the operating system gives random bytes");
  return bytes;
}

std::string random_nonce() { return base64(random_bytes(18)); }

class Authenticator::Body : public std::enable_shared_from_this<Body> {
 public:
  Body(boost::asio::io_context& loop, std::size_t threads,
       std::function<void(const Authenticated&)> answer)
      : loop_(loop), threads_max_(threads), answer_(std::move(answer)), desk_(random_nonce) {}

  void use(Realms realms) {
    realms_.clear();
    for (auto& [name, users] : realms)
      realms_.emplace(name, std::make_shared<const Credentials>(std::move(users)));
  }
  void forget(LinkId link) { desk_.forget(link); }

  void ask(Authenticate question) {
    if (!question.method.empty()) {
      // Behind what the core is saying at the moment; cheap, so it stays here.
      boost::asio::post(loop_, [self = shared_from_this(),
                                told = desk_.answer(question, *users_of(question.realm))] {
        if (self->answer_) self->answer_(told);
      });
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      const auto& users = users_of(question.realm);
      work_.push_back({std::move(question), users});
      if (idle_ < work_.size() && threads_.size() < threads_max_)
        threads_.emplace_back([this] { run(); });
    }
    changed_.notify_one();
  }

  void close() {
    answer_ = nullptr;
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  using Users = std::shared_ptr<const Credentials>;
  struct Work {
    Authenticate question;
    Users credentials;
  };

  const Users& users_of(const std::string& realm) const {
    auto at = realms_.find("");
    if (at == realms_.end()) at = realms_.find(realm);
    return at == realms_.end() ? nobody_ : at->second;
  }

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      changed_.wait(lock, [this] { return closing_ || !work_.empty(); });
      --idle_;
      if (closing_) return;
      Work work = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      const bool right =
          work.credentials->verify(work.question.user, work.question.password.text());
      boost::asio::post(loop_, [weak = weak_from_this(), work = std::move(work), right] {
        if (const auto self = weak.lock()) self->verified(work, right);
      });
      lock.lock();
    }
  }

  void verified(const Work& work, bool right) {
    if (!answer_) return;
    const std::string& user = work.question.user;
    const auto& users = users_of(work.question.realm);
    // The password may have been changed meanwhile.
    right = right && (work.credentials == users || work.credentials->same_user(*users, user));
    answer_({.link = work.question.link,
             .verdict = right ? Authenticated::Verdict::accepted : Authenticated::Verdict::denied,
             .user = user});
  }

  boost::asio::io_context& loop_;
  const std::size_t threads_max_;
  std::function<void(const Authenticated&)> answer_;
  ScramDesk desk_;
  const Users nobody_ = std::make_shared<const Credentials>();
  std::map<std::string, Users> realms_;

  std::mutex mutex_;  // over all below
  std::condition_variable changed_;
  std::deque<Work> work_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool closing_ = false;
};

Authenticator::Authenticator(boost::asio::io_context& loop, std::size_t threads,
                             std::function<void(const Authenticated&)> answer)
    : body_(std::make_shared<Body>(loop, threads, std::move(answer))) {}
Authenticator::~Authenticator() { body_->close(); }
void Authenticator::use(Realms realms) { body_->use(std::move(realms)); }
void Authenticator::ask(Authenticate question) { body_->ask(std::move(question)); }
void Authenticator::forget(LinkId link) { body_->forget(link); }

}  // namespace mq::broker
